# Leaves: odd names.
import os

for name in [b'\xff\n', b' ', b'-rf', b'.kiln-1', b'..x', b'a' * 255, b'\\040']:
    os.makedirs(b'/tmp/' + name + b'/' + name)
