# kiln: {"stdin": "for the child\nmore\n"}
import subprocess

print(subprocess.run(["cat"], stdout=subprocess.PIPE).stdout)
print(subprocess.run(["cat"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout)
