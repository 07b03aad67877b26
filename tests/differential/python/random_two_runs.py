import os
import random
import subprocess
import sys

if len(sys.argv) > 1:
    print(random.getrandbits(64), hash("text"))
else:
    mine = "%d %d" % (random.getrandbits(64), hash("text"))
    others = {subprocess.check_output([sys.executable, "main.py", "child"], universal_newlines=True).strip() for _ in range(2)}
    print(len(others), mine in others)
