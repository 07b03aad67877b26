import os
import sys

reader, writer = os.pipe()
os.dup2(writer, 1)
os.close(reader)
os.close(writer)
print("into a broken pipe")
try:
    sys.stdout.flush()
except BrokenPipeError as error:
    print("broken", error, file=sys.stderr)
print("more")
