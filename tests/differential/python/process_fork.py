import os
import sys

print("before the fork, flushed", flush=True)
child = os.fork()
if child == 0:
    print("child", os.getppid() != 1, os.getpgid(0) == os.getpgid(os.getppid()))
    sys.exit(5)
print("parent saw", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if hasattr(os, "waitstatus_to_exitcode") else os.WEXITSTATUS(os.waitpid(child, 0)[1]))
child = os.fork()
if child == 0:
    print("lost")
    os._exit(6)
print(os.waitpid(child, 0)[1])
