# kiln: {"stdin_base64": "b2sK/4AK"}
import sys

print(input())
print(sys.stdin.errors, sys.stdin.encoding)
print(repr(input()))
