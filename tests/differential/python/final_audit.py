import os
import sys


def audit(event, arguments, write=os.write):
    # The very last event does not come where the process ends before its interpreter is taken apart.
    if event != "cpython.PyInterpreterState_Clear":
        write(1, event.encode() + b"\n")


class Loud:
    def __del__(self):
        pass


kept = Loud()
sys.addaudithook(audit)
