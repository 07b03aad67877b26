# kiln: {"env": {"FIRST": "1", "SECOND": "two words", "ACCENT": "\u00e9"}}
import os

try:
    import ctypes
except ImportError as error:
    print(error)
else:
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    libc.getenv.argtypes = [ctypes.c_char_p]
    for name in (b"FIRST", b"SECOND", b"ACCENT", b"HOME", b"PYTHONPATH", b"KILN_STANDBY_FD"):
        print(name, libc.getenv(name))
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    index, entries = 0, []
    while environ[index]:
        entries.append(environ[index])
        index += 1
    print([entry.partition(b"=")[0] for entry in entries])
    print([entry.partition(b"=")[0] for entry in entries] == list(os.environb))
