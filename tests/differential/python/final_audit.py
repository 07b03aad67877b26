import os
import sys


def audit(event, arguments, write=os.write):
    write(1, event.encode() + b"\n")


class Loud:
    def __del__(self):
        pass


kept = Loud()
sys.addaudithook(audit)
