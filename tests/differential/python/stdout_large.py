import sys

line = "0123456789abcdef" * 64 + "\n"
for _ in range(3 * 1024):
    sys.stdout.write(line)
sys.stderr.write("done\n")
