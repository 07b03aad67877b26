import os
import weakref


def gone(_, write=os.write):
    write(1, b"gone\n")


class Thing:
    pass


thing = Thing()
holder = weakref.ref(thing, gone)
os.thing_holder = holder
functions = [weakref.ref(function, gone) for function in (lambda: 1, gone.__call__.__self__)]
