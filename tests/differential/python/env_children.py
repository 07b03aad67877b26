# kiln: {"env": {"FOR_CHILD": "yes", "ODD": "a=b"}}
import os
import subprocess
import sys

os.environ["ADDED"] = "later"
del os.environ["ODD"]
print(sorted(subprocess.run(["env"], stdout=subprocess.PIPE).stdout.split(b"\n")) == sorted(subprocess.run(["env"], stdout=subprocess.PIPE, env=os.environ).stdout.split(b"\n")))
print([line for line in subprocess.run(["env"], stdout=subprocess.PIPE).stdout.decode().split("\n")])
sys.stdout.flush()
os.system("echo $FOR_CHILD $ADDED [$ODD] [$PYTHONPATH] [$KILN_STANDBY_FD]")
print(subprocess.run([sys.executable, "-c", "import os; print(list(os.environ))"], stdout=subprocess.PIPE).stdout)
