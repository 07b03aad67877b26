import os
import subprocess
import sys

done = subprocess.run([sys.executable, "-c", "import sys; print(sys.flags, sys.path, sorted(sys.modules)); sys.exit(3)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
print(done.returncode, done.stdout, done.stderr)
print(subprocess.run("exit 7", shell=True).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
reader, writer = os.pipe()
child = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:3]); os.write(%d, b'passed')"
print(subprocess.run([sys.executable, "-c", child % writer], pass_fds=[writer], stdout=subprocess.PIPE).stdout, os.read(reader, 100))
print(subprocess.run(["ls", "/proc/self/fd"], close_fds=False, stdout=subprocess.PIPE).stdout)
print(subprocess._args_from_interpreter_flags())
try:
    subprocess.run(["sleep", "10"], timeout=0.1)
except subprocess.TimeoutExpired as error:
    print(error.cmd)
subprocess.run(["no-such-program"])
