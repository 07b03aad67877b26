import os
import sys

print(sys.path)
print(os.getcwd(), os.environ.get("PYTHONPATH"), sys.prefix, sys.base_prefix, sys.exec_prefix, sys.executable)
print(os.readlink("/proc/self/cwd") == os.getcwd(), os.path.realpath(sys.executable) == os.readlink("/proc/self/exe"))
