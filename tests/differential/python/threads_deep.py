import sys
import threading

sys.setrecursionlimit(100000)
threading.stack_size(64 * 1024 * 1024)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def run():
    print(depth(20000))


thread = threading.Thread(target=run)
thread.start()
thread.join()
