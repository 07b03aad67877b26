# kiln: {"env": {"ZED": "1", "ALPHA": "2", "EMPTY": "", "EQUALS": "a=b=c", "SPACES": " a  b ", "ACCENT": "\u00e9\u4e2d", "LINES": "a\nb"}}
import os
import posix

print(list(os.environ))
print(list(os.environb))
print(list(posix.environ) == list(os.environb), posix.environ is os.environ._data)
for name in ("ZED", "ALPHA", "EMPTY", "EQUALS", "SPACES", "ACCENT", "LINES"):
    print(repr(os.environ[name]), os.environb[name.encode()], repr(os.getenv(name)))
print(os.getenv("KILN_STANDBY_FD"), os.getenv("PYTHONPATH"), os.getenv("NOT_THERE", "default"))
