import os
import stat
import tempfile

print(tempfile.gettempdir(), tempfile.gettempprefix())
with tempfile.NamedTemporaryFile() as file:
    print(oct(stat.S_IMODE(os.stat(file.name).st_mode)), os.path.dirname(file.name))
with open("made.txt", "w") as made:
    print(made.fileno(), made.encoding, oct(os.fstat(made.fileno()).st_mode), os.stat("made.txt").st_uid == os.getuid())
os.mkdir("directory")
print(oct(os.stat("directory").st_mode), sorted(os.listdir()))
os.chdir("directory")
print(os.path.basename(os.getcwd()), __file__ == os.path.join(os.path.dirname(os.getcwd()), "main.py"))
