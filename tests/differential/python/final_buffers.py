import io
import os
import sys

out = open("result.txt", "w")
out.write("not flushed by hand")
copy = io.TextIOWrapper(io.FileIO(os.dup(1), "w"), write_through=False)
copy.write("in another wrapper\n")
sys.stdout.write("no newline at the end")
sys.stderr.write("stderr without newline")
