import os

print(sorted(os.listdir("/proc/self/fd"), key=int))
for number in range(40):
    try:
        os.fstat(number)
    except OSError:
        pass
    else:
        print(number, os.readlink("/proc/self/fd/%d" % number).split(":")[0].split("/")[-1] if number < 3 else "extra")
print(os.open("/dev/null", os.O_RDONLY))
print(os.listdir("/proc/self/task") == [str(os.getpid())])
print(os.popen("ls /proc/self/fd | wc -l").read())
