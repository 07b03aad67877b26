import queue
import threading

jobs = queue.Queue()
timer = threading.Timer(0.05, jobs.put, ["fired"])
timer.start()
print(jobs.get(timeout=5))
barrier = threading.Barrier(3)
total = []


def meet():
    barrier.wait()
    total.append(1)


threads = [threading.Thread(target=meet) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(total))
