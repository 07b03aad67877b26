# kiln: {"stdin": "first\nsecond line \n\nlast without newline"}
import sys

while True:
    try:
        print(repr(input("prompt> ")))
    except EOFError as error:
        print("end", error)
        break
print(repr(sys.stdin.read()))
