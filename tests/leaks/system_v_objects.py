# Leaves: system v objects.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for number in range(3):
    key = 0x1000 + number
    memory = libc.shmget(key, 1 << 20, 0o1666)
    print(memory >= 0, libc.semget(key, 4, 0o1666) >= 0, libc.msgget(key, 0o1666) >= 0)
libc.shmat.restype = ctypes.c_void_p
libc.shmat(memory, None, 0)
