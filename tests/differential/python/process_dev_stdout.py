import os
import subprocess
import sys

with open("/dev/stdout", "w") as file:
    file.write("by its name\n")
with open("/proc/self/fd/1", "wb") as file:
    file.write(b"by its number\n")
with open("/dev/stderr", "w") as file:
    file.write("also stderr\n")
print(open("/dev/stdin").read())
sys.stdout.flush()
subprocess.run("echo shell > /dev/stdout; cat /proc/self/environ > /dev/null && ls /proc/$PPID/fd | wc -l", shell=True)
print(os.stat("/proc/self/fd").st_uid == os.getuid(), os.stat("/proc/self/mem").st_uid == os.getuid())
print([os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in range(3)], os.listdir("/proc/self/fd"))
