import sys

sys.stdout.buffer.write(bytes(range(256)))
sys.stdout.buffer.flush()
sys.stdout.write("\u00e9\U0001f600\n")
