import threading
import time


def worker():
    while True:
        time.sleep(0.01)


thread = threading.Thread(target=worker, daemon=True)
thread.start()
print("main done", thread.daemon, thread.is_alive(), threading.active_count())
