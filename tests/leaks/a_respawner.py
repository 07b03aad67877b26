# Leaves: a respawner.
import os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        silent()
        while True:
            if os.fork():
                os._exit(0)
time.sleep(0.05)
