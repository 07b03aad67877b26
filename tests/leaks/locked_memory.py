# Leaves: locked memory.
import ctypes, os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


libc = ctypes.CDLL(None, use_errno=True)
block = bytearray(1 << 20)
print(libc.mlockall(3))
if os.fork() == 0:
    silent()
    time.sleep(1000)
