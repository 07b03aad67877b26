# kiln: {"env": {"CHANGED": "old"}}
import os
import subprocess

os.environ["CHANGED"] = "new"
os.putenv("QUIET", "1")
print(os.environ["CHANGED"], "QUIET" in os.environ)
print(subprocess.check_output("echo $CHANGED $QUIET", shell=True))
os.environ.pop("CHANGED")
print(subprocess.check_output("echo [$CHANGED]", shell=True))
os.environ.clear()
print(subprocess.check_output(["/usr/bin/env"]), len(os.environ))
try:
    os.environ["A=B"] = "x"
except (ValueError, OSError) as error:
    print(type(error).__name__)
