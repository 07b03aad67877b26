import atexit
import sys

atexit.register(sys.stdout.close)
print("hello")
