import sys


def hook(kind, value, traceback):
    print("hook", kind.__name__, value)
    del sys.last_type, sys.last_value, sys.last_traceback


sys.excepthook = hook
raise ValueError("still status 1")
