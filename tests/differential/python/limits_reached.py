import os
import resource
import signal

print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))
files = []
try:
    while True:
        files.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error, len(files), files[:3], files[-1])
for file in files:
    os.close(file)
signal.signal(signal.SIGXFSZ, lambda *_: print("too big"))
with open("big", "wb", buffering=0) as file:
    try:
        os.posix_fallocate(file.fileno(), 0, 1 << 40)
    except OSError as error:
        print(type(error).__name__, error.errno)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
except ValueError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 1000)
