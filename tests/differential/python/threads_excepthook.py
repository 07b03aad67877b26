import sys
import threading


def fail():
    raise ValueError("in a thread")


thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
threading.excepthook = lambda arguments: print("hook", arguments.exc_type.__name__, arguments.thread.name)
thread = threading.Thread(target=fail, name="second")
thread.start()
thread.join()
thread = threading.Thread(target=sys.exit, args=(5,))
thread.start()
thread.join()
