# kiln: {"env": {"V00": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "V01": "y", "V02": "z", "V03": "1", "V04": "2", "V05": "3", "V06": "4", "V07": "5", "V08": "6", "V09": "7"}}
import os
import subprocess

print(list(os.environ), len(os.environ["V00"]))
print(len(subprocess.check_output(["env"]).split(b"\n")) - len(os.environ))
