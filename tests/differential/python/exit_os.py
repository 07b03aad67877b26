import atexit
import os
import sys

atexit.register(print, "never")
sys.stdout.write("lost in the buffer")
os.write(1, b"written directly\n")
os._exit(11)
