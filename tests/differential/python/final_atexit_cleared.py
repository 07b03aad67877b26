import atexit

atexit.register(print, "never")
atexit._clear()


class Loud:
    def __del__(self):
        print("del")


kept = Loud()
