import sys

# The one thing that shows: CPython makes ast.AST when it compiles a module from its source, as it did with the standby's.
print([c.__module__ + "." + c.__name__ for c in object.__subclasses__() if c.__name__ != "AST"])
print([c.__name__ for c in Exception.__subclasses__()], [c.__name__ for c in ImportError.__subclasses__()])
print([c.__name__ for c in dict.__subclasses__()], [c.__name__ for c in tuple.__subclasses__() if c.__module__ != "sys"])
