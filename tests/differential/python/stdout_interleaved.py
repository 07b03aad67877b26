import os
import sys

print("buffered print")
os.write(1, b"direct write\n")
sys.stdout.flush()
print("second print", flush=True)
os.write(1, b"second direct\n")
os.system("echo from a shell")
print("third")
os.system("echo shell again")
sys.stderr.write("err\n")
