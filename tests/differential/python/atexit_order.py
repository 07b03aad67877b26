import atexit
import sys

atexit.register(print, "first registered")


def fail():
    raise ValueError("in a handler")


def leave():
    sys.exit(33)


atexit.register(fail)
atexit.register(leave)
atexit.register(lambda: atexit.register(print, "registered late"))
atexit.register(print, "last registered", flush=True)
atexit.register(print, "gone")
atexit.unregister(None)
print("body", flush=True)
sys.exit(2)
