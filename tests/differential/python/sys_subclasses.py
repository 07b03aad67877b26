import sys

# What shows: CPython makes ast.AST when it compiles a module from its source, as it did with the standby's, and the parent of the
# waiting interpreters has loaded two modules that a plain start has not.
def own(classes):
    return [c for c in classes if c.__name__ != "AST" and c.__module__ not in ("_ctypes", "_socket", "ctypes") and c.__name__ not in ("StgDict", "CArgObject")]


print([c.__module__ + "." + c.__name__ for c in own(object.__subclasses__())])
print([c.__name__ for c in own(Exception.__subclasses__())], [c.__name__ for c in ImportError.__subclasses__()])
print([c.__name__ for c in own(dict.__subclasses__())], [c.__name__ for c in tuple.__subclasses__() if c.__module__ != "sys"])
