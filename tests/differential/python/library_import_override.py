import builtins
import sys

names = []
original = builtins.__import__


def spy(name, *arguments, **keywords):
    names.append(name)
    return original(name, *arguments, **keywords)


builtins.__import__ = spy
import heapq
import json

builtins.__import__ = original
print(names)


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "statistics":
            raise ImportError("blocked " + name)


sys.meta_path.insert(0, Blocker())
sys.modules["_bisect"] = None
import bisect

print(bisect.bisect.__module__, type(bisect.bisect).__name__)
import statistics
