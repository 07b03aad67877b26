import os
import random
import secrets
import tempfile
import uuid

values = [random.random(), random.getrandbits(64), secrets.token_hex(8), uuid.uuid4(), os.urandom(8), random.SystemRandom().random()]
print(len(set(map(str, values))) == len(values))
read, write = os.pipe()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        os.write(write, f"{random.random()} {uuid.uuid4()}\n".encode())
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
os.close(write)
lines = os.read(read, 4096).split(b"\n")
print(len(set(lines)) == len(lines) == 4)
random.seed(7)
print(random.random(), random.sample(range(100), 5), tempfile.mktemp(dir="/x") != tempfile.mktemp(dir="/x"))
