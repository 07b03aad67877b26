import sys


def hook(kind, value, trace):
    names = []
    while trace:
        names.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    print("hook", kind.__name__, value, names)


sys.excepthook = hook


def fail():
    raise LookupError("lost")


fail()
