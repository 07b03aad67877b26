import atexit
import os
import sys

atexit.register(print, "callback")
atexit._run_exitfuncs()
print("os" in sys.modules, os.getcwd(), sys.path is not None)
sys.exit(4)
