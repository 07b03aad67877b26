"""The docstring of the program."""
print(__name__, __file__, __doc__)
print(__spec__, __package__)
print(type(__loader__).__name__, getattr(__loader__, "name", None), getattr(__loader__, "path", None))
print(type(__builtins__), __builtins__.__name__)
print(globals().get("__cached__", "no __cached__"))
print(globals().get("__annotations__", "no __annotations__"))
print(dir())
print(list(globals()))
count: int = 1
print(globals().get("__annotations__", "none after an annotation"))
print(vars() is globals(), locals() is globals())
