import _thread

gate = _thread.allocate_lock()
gate.acquire()


def wait():
    gate.acquire()


_thread.start_new_thread(wait, ())
print("left waiting")
