# kiln: {"files": {"helper.py": "def run(callback):\n    try:\n        callback()\n    finally:\n        print('finally')\n", "broken.py": "x = 1\ny = undefined_name\n"}}
import helper

try:
    import broken
except NameError:
    import traceback

    traceback.print_exc()


def callback():
    import broken


helper.run(callback)
