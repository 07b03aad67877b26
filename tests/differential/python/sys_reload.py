# kiln: {"files": {"helper.py": "COUNT = globals().get('COUNT', 0) + 1\n"}}
import importlib
import sys

import helper

print(helper.COUNT, importlib.reload(helper).COUNT)
del sys.modules["helper"]
import helper as again

print(again.COUNT, again is helper)
open("late.py", "w").write("NAME = 'late'\n")
importlib.invalidate_caches()
import late

print(late.NAME, importlib.util.find_spec("missing"))
import not_there
