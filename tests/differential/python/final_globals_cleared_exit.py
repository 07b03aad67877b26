import sys

leave = sys.exit


def end(leave=leave):
    globals().clear()
    leave(3)


end()
