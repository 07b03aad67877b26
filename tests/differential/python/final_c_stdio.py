import ctypes

libc = ctypes.CDLL(None)
libc.printf(b"from C, buffered\n")
libc.atexit
print("from Python")
