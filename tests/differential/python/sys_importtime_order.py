import sys

before = list(sys.modules)
import typing

print([name for name in sys.modules if name not in before])
before = list(sys.modules)
import json
import random
import datetime

print([name for name in sys.modules if name not in before])
print(typing.__spec__.loader is typing.__loader__, json.__spec__.submodule_search_locations)
