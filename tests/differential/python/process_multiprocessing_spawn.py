# kiln: {"args": ["argument"], "env": {"MARK": "m"}}
import multiprocessing
import os
import sys

LEVEL = __name__


def work(queue, value):
    queue.put((value, __name__, LEVEL, sys.argv, os.environ.get("MARK"), sys.path, "PYTHONPATH" in os.environ))


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=work, args=(queue, 1))
    child.start()
    print(queue.get())
    child.join()
    print(child.exitcode)
