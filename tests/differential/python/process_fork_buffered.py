import atexit
import os

atexit.register(print, "at exit")
print("buffered before the fork")
if os.fork() == 0:
    print("child")
else:
    os.wait()
    print("parent")
