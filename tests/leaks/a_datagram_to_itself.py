# Leaves: a datagram to itself.
import socket

for family, address in [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')]:
    try:
        one = socket.socket(family, socket.SOCK_DGRAM)
        one.bind((address, 4712))
        one.sendto(b'secret', (address, 4712))
    except OSError as error:
        print(error)
