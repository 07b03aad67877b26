import builtins
import collections
import io
import os
import posix
import stat
import sys


class Loud:
    def __init__(self, name, write=os.write):
        self.name, self.write = name, write

    def __del__(self):
        self.write(1, f"del {self.name}\n".encode())


for module in (sys, builtins, os, posix, io, stat, collections):
    module.attached = Loud(module.__name__)
