# Leaves: a traced sibling.
import ctypes, os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


libc = ctypes.CDLL(None, use_errno=True)
victim = os.fork()
if victim == 0:
    silent()
    time.sleep(1000)
if os.fork() == 0:
    silent()
    print(libc.ptrace(16, victim, 0, 0))  # PTRACE_ATTACH
    time.sleep(1000)
time.sleep(0.05)
