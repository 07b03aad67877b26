# Leaves: a vfork that hangs.
import ctypes, os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


libc = ctypes.CDLL(None, use_errno=True)
if os.fork() == 0:
    silent()
    # CLONE_VM | CLONE_VFORK: the parent sleeps where no signal but SIGKILL reaches it.
    if libc.syscall(56, 0x4100, 0, 0, 0, 0) == 0:
        libc.pause()
time.sleep(0.05)
