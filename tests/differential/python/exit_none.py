import sys

print("out", end="")
sys.exit(None)
