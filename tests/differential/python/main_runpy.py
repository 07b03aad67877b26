# kiln: {"files": {"package/__init__.py": "print('init', __name__)\n", "package/__main__.py": "import sys\nprint('package main', __name__, __package__, sys.argv[0].endswith('package/__main__.py'))\n", "tool.py": "import sys\nprint('tool', __name__, __spec__ and __spec__.name, sys.argv)\n"}}
import runpy
import sys

result = runpy.run_module("tool", run_name="__main__", alter_sys=True)
print(sorted(result)[:5])
runpy.run_path("tool.py")
runpy.run_module("package", run_name="__main__", alter_sys=True)
print(sys.argv, __name__, sys.modules["__main__"].__file__ == __file__)
