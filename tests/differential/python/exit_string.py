import sys

print("to stdout")
sys.exit("to stderr: \u00e9\u4e2d")
