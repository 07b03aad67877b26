import sys

try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        interpreters = None
if interpreters is None:
    print("no subinterpreters")
else:
    print("before", flush=True)
    second = interpreters.create()
    interpreters.run_string(second, "import os, sys; print(sys.path, list(sys.modules), list(os.environ), flush=True)")
    interpreters.destroy(second)
    print("after")
