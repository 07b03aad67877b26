# Leaves: a loopback connection.
import socket

server = socket.create_server(('127.0.0.1', 4711))
client = socket.create_connection(('127.0.0.1', 4711))
other, _ = server.accept()
client.sendall(b'secret')
client.close()
other.close()
