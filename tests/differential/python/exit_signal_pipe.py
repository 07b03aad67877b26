import os
import signal

print(signal.getsignal(signal.SIGPIPE))
reader, writer = os.pipe()
os.close(reader)
try:
    os.write(writer, b"x")
except BrokenPipeError as error:
    print(error.errno)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
print("flushed", flush=True)
os.write(writer, b"x")
