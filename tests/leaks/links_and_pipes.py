# Leaves: links and pipes.
import os, socket

os.symlink('/etc/passwd', '/tmp/link')
os.symlink('/tmp', 'directory')
os.symlink('/proc/1/root', '/dev/shm/root')
os.mkfifo('/tmp/pipe')
socket.socket(socket.AF_UNIX).bind('/tmp/socket')
