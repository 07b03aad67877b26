import sys

handles = [open("file-%d.txt" % n, "w") for n in range(20)]
for handle in handles:
    handle.write("x" * 100)
print([handle.fileno() for handle in handles])
sys.exit(len(handles))
