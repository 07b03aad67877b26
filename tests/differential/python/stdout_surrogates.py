import os
import sys

print(ascii(os.fsdecode(b"\xff")))
try:
    sys.stdout.write("\udcff\n")
except UnicodeEncodeError as error:
    print(error)
print("\udc80", file=sys.stderr)
print("\ud800")
