import os

for name in sorted(os.environ):
    if name not in ("HOSTNAME", "PWD", "SHLVL", "_"):
        print(name, repr(os.environ[name]))
print([name for name in os.environ if "KILN" in name or "PYTHON" in name])
