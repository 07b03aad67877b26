import sys


class Bad:
    def __del__(self):
        raise ValueError("in del")

    def __repr__(self):
        return "<Bad>"


Bad()


def hook(unraisable):
    print("hook", unraisable.exc_type.__name__, unraisable.err_msg)


sys.unraisablehook = hook
Bad()
kept = Bad()
sys.unraisablehook = sys.__unraisablehook__
