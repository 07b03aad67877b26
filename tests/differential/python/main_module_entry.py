# kiln: {"files": {"tool.py": "import sys\nprint(sys.argv, sys.path[0], __name__)\n"}}
import subprocess
import sys

for arguments in (["-m", "tool", "x"], ["tool.py", "y"], ["-c", "import sys; print(sys.argv, sys.path[0] == '')"]):
    done = subprocess.run([sys.executable] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    print(done.returncode, done.stdout, done.stderr)
