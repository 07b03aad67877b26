import sys

print(list(sys.modules))
for name, module in list(sys.modules.items()):
    print(name, getattr(module, "__file__", None), type(getattr(module, "__loader__", None)).__name__)
