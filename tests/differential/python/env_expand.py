# kiln: {"env": {"DEEP": "$NOT", "USER": "someone"}}
import os
import pathlib

print(os.path.expandvars("$DEEP ${USER} $NOT"), os.path.expanduser("~") == os.environ.get("HOME"), pathlib.Path("~").expanduser())
print(os.environ.get("USER"), "USER" in os.environ, os.get_exec_path())
import getpass

print(getpass.getuser())
