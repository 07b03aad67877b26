import _thread
import time


def fail():
    raise ValueError("in a raw thread")


done = _thread.allocate_lock()
done.acquire()


def work():
    print("raw thread")
    done.release()


_thread.start_new_thread(work, ())
done.acquire()
print("joined")
_thread.interrupt_main()
time.sleep(5)
