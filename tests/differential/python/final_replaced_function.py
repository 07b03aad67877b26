import os
import sys


class Counting:
    def __init__(self, wrapped):
        self.wrapped, self.calls = wrapped, 0

    def __call__(self, *arguments):
        self.calls += 1
        return self.wrapped(*arguments)

    def __del__(self, write=os.write):
        write(1, b"calls %d\n" % self.calls)


os.getcwd = Counting(os.getcwd)
os.getcwd()
print("end", file=sys.stdout)
