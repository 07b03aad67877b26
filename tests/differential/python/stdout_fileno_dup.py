import os
import sys

saved = os.dup(1)
target = os.open("captured.txt", os.O_CREAT | os.O_RDWR)
print(saved, target)
sys.stdout.flush()
os.dup2(target, 1)
print("to the file")
sys.stdout.flush()
os.dup2(saved, 1)
print(open("captured.txt").read())
