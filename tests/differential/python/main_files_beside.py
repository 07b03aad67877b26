# kiln: {"files": {"helper.py": "import sys, inspect\nprint('helper', __name__, __file__, sorted(sys.modules['__main__'].__dict__)[:3])\nVALUE = 42\ndef caller():\n    return sys._getframe(1).f_code.co_name, sys._getframe(1).f_globals['__name__']\n", "package/__init__.py": "from . import inner\n", "package/inner.py": "NAME = __name__\nPATH = __file__\n", "data.txt": "line\n"}}
import os
import sys

import helper
import package
import package.inner

print(helper.VALUE, helper.caller(), package.inner.NAME, package.inner.PATH, package.__path__)
print(helper.__spec__.origin, helper.__cached__)
print(sorted(os.listdir(".")))
print(open("data.txt").read(), os.path.dirname(os.path.abspath(__file__)) == os.getcwd())
