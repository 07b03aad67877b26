import multiprocessing
import os
import sys


def square(x):
    return x * x


def work(queue):
    queue.put((__name__, multiprocessing.current_process().name, os.getppid() == int(os.environ["PARENT"])))
    print("from the child")
    sys.exit(9)


if __name__ == "__main__":
    os.environ["PARENT"] = str(os.getpid())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=work, args=(queue,))
    sys.stdout.flush()
    child.start()
    print(queue.get())
    child.join()
    print(child.exitcode, child.name)
    with context.Pool(2) as pool:
        print(pool.map(square, range(6)))
