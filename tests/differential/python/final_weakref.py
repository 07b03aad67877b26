import weakref


class Thing:
    pass


thing = Thing()
weakref.finalize(thing, print, "finalize ran")
never = weakref.finalize(thing, print, "must not run")
never.atexit = False
generator = (print("x") for _ in range(3))


def loop():
    try:
        yield 1
    finally:
        print("generator closed")


running = loop()
next(running)
