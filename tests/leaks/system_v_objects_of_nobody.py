# Leaves: system v objects of nobody.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
# IPC_PRIVATE, without any permission, and with a message in the queue.
queue = libc.msgget(0, 0o1000)
libc.semget(0, 1, 0o1000)
libc.shmget(0, 4096, 0o1000)
other = libc.msgget(0x77, 0o1666)
print(queue >= 0, libc.msgsnd(other, b'\x01' + bytes(7) + b'secret', 6, 0))
