# Leaves: all inodes.
import os

try:
    for number in range(1_000_000):
        os.close(os.open(f'/tmp/{number}', os.O_CREAT))
except OSError:
    pass
