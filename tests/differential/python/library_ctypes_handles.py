import sys

try:
    import ctypes
except ImportError as error:
    print(error)
    sys.exit()
print(ctypes.pythonapi.Py_IsInitialized(), ctypes.c_int.in_dll(ctypes.pythonapi, "Py_OptimizeFlag").value)
libc = ctypes.CDLL(None)
sys.stdout.flush()
libc.printf(b"from libc %d\n", 5)
libc.fflush(None)
print("from python")
libc.puts(b"flushed by libc at exit")
