import sys

sys.displayhook([1, 2])
print(_)
import pprint

pprint.pprint({"b": list(range(30)), "a": "x" * 100})
print(help.__repr__(), license.__class__)
import code

code.InteractiveInterpreter().runsource("1 + 1")
