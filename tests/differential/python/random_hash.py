import os
import sys

print(sys.flags.hash_randomization, os.environ.get("PYTHONHASHSEED"), hash(1), hash(1.5), hash(None) is not None)
print(hash("a") == hash("a"), hash("kiln differential") in (0, 1, -1))
print({1, 2, 3, 10, 5}, frozenset(range(5)))
