# kiln: {"env": {"SHOWN": "here"}}
with open("/proc/self/environ", "rb") as environ:
    text = environ.read()
print([entry for entry in text.split(b"\0") if entry])
print(b"KILN" in text, b"PYTHONPATH" in text)
