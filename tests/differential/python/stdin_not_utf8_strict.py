# kiln: {"stdin_base64": "b2sK/4AK"}
import io
import sys

text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="strict")
print(text.read())
