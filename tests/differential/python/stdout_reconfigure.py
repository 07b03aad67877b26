import sys

sys.stdout.reconfigure(encoding="latin-1", errors="replace", line_buffering=True, newline="\r\n")
print("\u00e9\u4e2d")
print(sys.stdout)
import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()) as out:
    print("captured")
print(repr(out.getvalue()))
