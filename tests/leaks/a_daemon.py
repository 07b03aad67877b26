# Leaves: a daemon.
import os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        silent()
        time.sleep(1000)
    os._exit(0)
os.wait()
