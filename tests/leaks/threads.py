# Leaves: threads.
import os, threading, time

for _ in range(50):
    threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()
os._exit(0)
