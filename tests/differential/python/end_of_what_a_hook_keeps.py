import os
import sys


class Kept:
    def __del__(self, write=os.write):
        write(1, b"finalised\n")


kept = Kept()
sys.addaudithook(lambda event, _, write=os.write: write(1, event.encode() + b"\n"))
