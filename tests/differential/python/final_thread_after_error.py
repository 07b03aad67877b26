import threading
import time


def worker():
    time.sleep(0.2)
    print("worker done")


threading.Thread(target=worker).start()
raise ValueError("main failed")
