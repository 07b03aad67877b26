# The class's methods hold the module's namespace, which holds the objects.
import os


class Node:
    count = 0

    def __init__(self, other):
        self.other = other

    def __del__(self):
        os.write(1, f"del {type(self).__name__} {os is not None} {Node is not None}\n".encode())


first = Node(None)
second = Node(first)
first.other = second


def uses():
    return first
