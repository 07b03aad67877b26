import os

print(os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid())
print(os.getuid() == os.geteuid() == os.getgid() == os.getegid() != 0, os.getgroups())
print(oct(os.umask(0o22)), os.nice(0), os.getpriority(os.PRIO_PROCESS, 0))
print(sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0), os.cpu_count())
print(os.getcwd(), os.path.exists("main.py"), os.listdir("."))
try:
    os.open("/dev/tty", os.O_RDWR)
except OSError as error:
    print(error)
