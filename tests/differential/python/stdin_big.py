# kiln: {"stdin": "0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n0123456789\n"}
import fileinput

print([line for line in fileinput.input()], fileinput.lineno(), fileinput.filename())
