import atexit


def fail():
    raise RuntimeError("too late")


atexit.register(fail)
atexit.register(lambda: globals().clear())
print("end")
