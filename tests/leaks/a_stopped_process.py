# Leaves: a stopped process.
import os, signal, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


child = os.fork()
if child == 0:
    silent()
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(1000)
os.waitpid(child, os.WUNTRACED)
