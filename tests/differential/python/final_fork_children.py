import os
import sys


class Loud:
    def __del__(self):
        os.write(1, b"del in %s\n" % (b"child" if os.getpid() != parent else b"parent"))


parent = os.getpid()
kept = Loud()
child = os.fork()
if child:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    other = os.fork()
    if other == 0:
        sys.exit(6)
    print(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
