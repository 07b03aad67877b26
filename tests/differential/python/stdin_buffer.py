# kiln: {"stdin_base64": "AAH/gG5ld2xpbmUKCv4="}
import sys

print(sys.stdin.buffer.read(3), sys.stdin.buffer.readline(), sys.stdin.buffer.read())
