import sys

print([getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path])
print([getattr(hook, "__qualname__", str(hook)) for hook in sys.path_hooks])
for path, finder in sys.path_importer_cache.items():
    print(path, type(finder).__name__, getattr(finder, "path", None))
for path, finder in sys.path_importer_cache.items():
    print(len(getattr(finder, "_path_cache", ())), getattr(finder, "_path_mtime", None) == -1)
import importlib._bootstrap

print(importlib._bootstrap._module_locks, list(importlib._bootstrap._blocking_on))
