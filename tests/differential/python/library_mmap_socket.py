import mmap
import socket

ours, theirs = socket.socketpair()
print(ours.fileno(), theirs.fileno())
ours.sendall(b"hello")
print(theirs.recv(10), socket.getdefaulttimeout())
print(len(mmap.mmap(-1, 4096)))
server = socket.socket()
try:
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    print("listening", server.getsockname()[0])
except OSError as error:
    print(error)
