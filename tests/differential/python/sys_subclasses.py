import sys

print([f"{c.__module__}.{c.__name__}" for c in object.__subclasses__()] == sorted([f"{c.__module__}.{c.__name__}" for c in object.__subclasses__()]))
print([c.__module__ + "." + c.__name__ for c in object.__subclasses__()])
print([c.__name__ for c in Exception.__subclasses__()], [c.__name__ for c in ImportError.__subclasses__()])
print([c.__name__ for c in dict.__subclasses__()], [c.__name__ for c in tuple.__subclasses__() if c.__module__ != "sys"])
