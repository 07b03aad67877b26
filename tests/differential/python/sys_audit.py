import sys

seen = []
if hasattr(sys, "addaudithook"):
    sys.addaudithook(lambda event, arguments: seen.append(event) if event in ("import", "compile", "exec", "open") else None)
import string

print(seen)
