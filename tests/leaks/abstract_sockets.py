# Leaves: abstract sockets.
import os, socket, time


def silent():
    """Let go of the output, so that nobody waits for this process."""
    for descriptor in range(3):
        os.close(descriptor)


if os.fork() == 0:
    os.setsid()
    server = socket.socket(socket.AF_UNIX)
    server.bind('\0left')
    server.listen()
    silent()
    server.accept()
time.sleep(0.05)
