# kiln: {"files": {"helper.py": "def f():\n    return = 1\n"}}
print("printed first")
import helper
