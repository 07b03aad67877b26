# Leaves: much memory.
import os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


block = bytearray(200 << 20)
for index in range(0, len(block), 4096):
    block[index] = 1
if os.fork() == 0:
    silent()
    time.sleep(1000)
