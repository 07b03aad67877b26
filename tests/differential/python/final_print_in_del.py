import sys


class Loud:
    def __del__(self):
        print("out", end=" " * 50)
        print("err", file=sys.stderr)


kept = [Loud() for _ in range(300)]
print("end without newline", end="")
