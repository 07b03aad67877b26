import atexit
import os
import signal

atexit.register(print, "never")
print(signal.getsignal(signal.SIGTERM), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
print("not reached")
