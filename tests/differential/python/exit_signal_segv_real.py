import sys

print("flushed", flush=True)
try:
    import ctypes
except ImportError:
    sys.exit("no ctypes")
ctypes.string_at(0)
