class Node:
    def __init__(self, name):
        self.name = name
        self.other = self


def close(node):
    def finish():
        return node

    return finish


nodes = [Node(str(number)) for number in range(5)]
nodes.append(nodes)
finish = close(nodes[0])
try:
    {}["key"]
except KeyError as error:
    kept = error
print(finish().name, type(kept).__name__, {1, 2}, frozenset((3,)), *{}.keys())
