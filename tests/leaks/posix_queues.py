# Leaves: posix queues.
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number in range(5):
    queue = libc.mq_open(f'/left{number}'.encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
    print(queue >= 0, libc.mq_send(queue, b'secret', 6, 0))
