# Leaves: posix semaphores.
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
libc.sem_open.restype = ctypes.c_void_p
print(libc.sem_open(b'/left', os.O_CREAT, 0o777, 3) is not None)
