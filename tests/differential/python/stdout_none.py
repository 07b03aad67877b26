import sys

print("seen")
sys.stdout = None
print("not seen")
sys.stdout = sys.__stdout__
del sys.stdout
try:
    print("lost")
except RuntimeError as error:
    print(error, file=sys.stderr)
