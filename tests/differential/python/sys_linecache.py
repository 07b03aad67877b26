import linecache
import sys

print(sorted(name for name in linecache.cache), linecache.getline(__file__, 1), linecache.getline("main.py", 2))
print(linecache.getlines(__file__) == open(__file__).read().splitlines(True))
code = compile("def f():\n    raise KeyError('in made up code')\nf()", "<made up>", "exec")
print(code.co_filename)
try:
    exec(code)
except KeyError:
    import traceback

    traceback.print_exc(file=sys.stdout)
eval(compile("1/0", "main.py", "eval"))
