import subprocess
import sys

child = subprocess.Popen([sys.executable, "-i", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
print(child.communicate("print(1 + 1)\nimport sys; print(sys.argv)\n")[0], child.returncode)
