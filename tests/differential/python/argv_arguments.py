# kiln: {"args": ["one", "two words", "", "-c", "--", "\u00e9\u4e2d", "*", "$HOME", "-"]}
import sys

print(sys.argv)
print(getattr(sys, "orig_argv", None))
print([len(argument) for argument in sys.argv])
print(type(sys.argv), type(sys.argv[-1]))
