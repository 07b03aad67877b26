import sys

print(sorted(vars(sys)))
for name in ("last_type", "last_value", "last_traceback", "last_exc", "ps1", "tracebacklimit", "gettotalrefcount"):
    print(name, hasattr(sys, name))
print(sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.breakpointhook is sys.__breakpointhook__)
print(sys.exc_info(), sys.gettrace(), sys.getprofile(), sys.unraisablehook is sys.__unraisablehook__)
print(sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
print(len(sys._current_frames()), sys.getrefcount(None) > 0, sys.is_finalizing())
