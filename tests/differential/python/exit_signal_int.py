import os
import signal

print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("interrupted", flush=True)


def function():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10 ** 6):
        pass


function()
