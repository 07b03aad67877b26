import sys

print("sitecustomize" in sys.modules, "usercustomize" in sys.modules)
for name in ("sitecustomize", "usercustomize"):
    try:
        module = __import__(name)
    except ImportError as error:
        print(type(error).__name__, error, error.name, error.path)
    else:
        print(name, module.__file__, sorted(vars(module)))
