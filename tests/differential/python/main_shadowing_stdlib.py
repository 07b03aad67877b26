# kiln: {"files": {"random.py": "print('my random')\ndef randint(a, b):\n    return 4\n", "json.py": "raise ValueError('not today')\n", "sitecustomize.py": "print('never at start')\n", "usercustomize.py": "print('never at start either')\n"}}
import random

print(random.randint(1, 6), random.__file__)
try:
    import json
except ValueError as error:
    print(error)
import sitecustomize

print(sitecustomize.__name__)
import tempfile
