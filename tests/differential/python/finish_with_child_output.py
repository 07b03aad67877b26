import subprocess
import sys

print("parent", flush=True)
child = subprocess.Popen(["sh", "-c", "sleep 0.2; echo from the child"])
print(child.wait())
