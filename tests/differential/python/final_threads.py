import threading
import time


def worker():
    time.sleep(0.2)
    print("worker done", threading.main_thread().is_alive())


thread = threading.Thread(target=worker)
thread.start()
print("main done")
