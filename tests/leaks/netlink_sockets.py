# Leaves: netlink sockets, as listing interfaces does; the kernel frees them a grace period after their process.
import socket

socket.if_nameindex()
kept = [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) for _ in range(10)]
for one in kept:
    one.bind((0, 0))
