# kiln: {"stdin": "3\n1 2 3\r\n4 5 6\n\n"}
import sys

n = int(sys.stdin.readline())
for number, line in enumerate(sys.stdin):
    print(number, repr(line), n)
print(sys.stdin.readlines(), sys.stdin.closed)
