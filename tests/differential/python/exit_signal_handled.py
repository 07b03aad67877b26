import os
import signal
import sys


def handler(number, frame):
    print("got", number, frame.f_code.co_name, frame.f_back)
    sys.exit(21)


signal.signal(signal.SIGTERM, handler)
os.kill(os.getpid(), signal.SIGTERM)
while True:
    signal.pause()
