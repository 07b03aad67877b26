import os
import signal
import subprocess
import sys

code = """import os, sys, signal
print(len(sys.orig_argv), sys.argv, os.getuid() == os.getppid() or True, sys.flags.dev_mode)
print(sorted(n for n in os.environ), signal.getsignal(signal.SIGPIPE), os.getpgid(0) != os.getpid())
print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"""
sys.stdout.flush()
subprocess.run([sys.executable, "-c", code])
os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
print(os.waitstatus_to_exitcode(os.wait()[1]))
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as child:
    print(child.communicate(b"through")[0])
child = subprocess.Popen(["sleep", "100"])
child.send_signal(signal.SIGTERM)
print(child.wait())
