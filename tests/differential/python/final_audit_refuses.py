import sys


def audit(event, arguments):
    if event.startswith(("ctypes", "os.", "sys._getframe", "builtins.id")):
        raise RuntimeError(event)


sys.addaudithook(audit)
print("end")
