# Leaves: a terminal.
import fcntl, os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


import pty
master, slave = pty.openpty()
os.write(slave, b'secret')
if os.fork() == 0:
    os.setsid()
    fcntl.ioctl(slave, 0x540e, 0)  # TIOCSCTTY
    silent()
    time.sleep(1000)
time.sleep(0.05)
