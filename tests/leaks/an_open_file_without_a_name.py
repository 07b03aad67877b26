# Leaves: an open file without a name.
import os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


if os.fork() == 0:
    os.setsid()
    file = os.open('/tmp', os.O_TMPFILE | os.O_RDWR)
    os.write(file, bytes(1 << 20))
    other = open('/tmp/unlinked', 'wb')
    other.write(bytes(1 << 20))
    os.unlink('/tmp/unlinked')
    silent()
    time.sleep(1000)
