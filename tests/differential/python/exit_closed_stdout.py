import sys

print("first")
sys.stdout.close()
try:
    print("second")
except ValueError as error:
    print(error, file=sys.stderr)
