import multiprocessing
import os
import sys


def work(connection):
    connection.send((__name__, sys.argv, sorted(k for k in os.environ if "KILN" in k)))
    raise SystemExit(3)


if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(theirs,))
    child.start()
    print(ours.recv())
    child.join()
    print(child.exitcode)
