import sys


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, sys.is_finalizing(), sys is not None)


kept = Loud("kept in globals")
cycle = Loud("in a cycle")
cycle.me = cycle
del cycle
temporary = Loud("temporary")
del temporary
sys.attached = Loud("attached to sys")
print("end")
