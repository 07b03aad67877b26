# kiln: {"files": {"helper.py": "import warnings\ndef here():\n    warnings.warn('in helper', DeprecationWarning)\ndef caller():\n    warnings.warn('in caller', DeprecationWarning, stacklevel=2)\nwarnings.warn('at import', UserWarning, stacklevel=2)\nwarnings.warn('at import far', UserWarning, stacklevel=3)\n"}}
import helper

helper.here()
helper.caller()
x = 1
print(x is 1)
assert (x, "always true")
