import __main__
import inspect
import sys
import types

print(list(vars(__main__)), type(__main__) is types.ModuleType, __main__ is sys.modules["__main__"])
print(__name__, __file__, __cached__, __package__, __spec__, type(__loader__).__name__, __annotations__, __doc__, __builtins__)
print(inspect.getmodule(sys._getframe()) is __main__, sys._getframe().f_back, sys._getframe().f_code.co_filename, inspect.stack()[0].filename)
print(__loader__.path, __loader__.name, __loader__.get_source("__main__")[:15], inspect.getsource(__main__)[:15])
x: int = 1
print(__annotations__, __main__.x, vars() is globals(), sys.getrefcount(__main__) < 12)
print(__main__.__dict__ is globals(), repr(__main__))
