import sys

print(sys.argv, len(sys.argv))
print(getattr(sys, "orig_argv", None))
with open("/proc/self/cmdline", "rb") as cmdline:
    print(cmdline.read())
with open("/proc/self/comm") as comm:
    print(comm.read())
