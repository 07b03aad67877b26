# kiln: {"stdin": "abcdef\nrest\n"}
import os
import select
import sys

print(select.select([0], [], [], 5)[0])
print(os.read(0, 3), os.read(0, 100))
print(os.read(0, 100), sys.stdin.read())
