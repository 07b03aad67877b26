# Leaves: locks and leases.
import fcntl, os, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


if os.fork() == 0:
    os.setsid()
    file = open('/tmp/lock', 'w')
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.flock(os.open('/etc/passwd', os.O_RDONLY), fcntl.LOCK_EX)
    silent()
    time.sleep(1000)
time.sleep(0.05)
