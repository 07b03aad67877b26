# Leaves: keys of the kernel.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for ring in [-1, -2, -3, -4, -5]:
    print(libc.syscall(248, b'user', b'left', b'secret', 6, ring))
