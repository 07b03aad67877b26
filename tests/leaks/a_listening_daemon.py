# Leaves: a listening daemon.
import os, socket, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


if os.fork() == 0:
    os.setsid()
    server = socket.create_server(('0.0.0.0', 4713))
    silent()
    server.accept()
time.sleep(0.05)
