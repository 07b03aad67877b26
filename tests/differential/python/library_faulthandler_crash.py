import faulthandler
import os
import signal
import sys

log = open("crash.txt", "w+")
child = os.fork()
if child == 0:
    faulthandler.enable(log)
    os.kill(os.getpid(), signal.SIGSEGV)
print(os.waitpid(child, 0)[1] & 0x7F)
log.seek(0)
print([line.strip() for line in log if "main.py" in line or line.startswith("Fatal")])
