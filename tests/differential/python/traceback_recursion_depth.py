import sys


def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


print(depth(1))
sys.setrecursionlimit(300)
print(depth(1))


class Loop:
    def __repr__(self):
        return repr(self)


try:
    repr(Loop())
except RecursionError as error:
    print("RecursionError", str(error)[:40])
sys.setrecursionlimit(20000)
print(depth(1))
