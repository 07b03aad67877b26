import sys


class Leaves:
    def __del__(self):
        sys.exit(9)


kept = Leaves()
print("end")
