import os
import builtins


class Loud:
    def __del__(self, write=os.write):
        write(1, b"del\n")


builtins.attached = Loud()
print("end")
