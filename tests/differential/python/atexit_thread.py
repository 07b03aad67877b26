import atexit
import threading


def handler():
    print("handler in", threading.current_thread().name, threading.main_thread().is_alive())
    try:
        thread = threading.Thread(target=print, args=("from a thread at exit",))
        thread.start()
        thread.join()
    except RuntimeError as error:
        print(error)


atexit.register(handler)
