import codecs
import encodings
import sys

print([name for name in sys.modules if name.startswith("encodings")])
print("caf\u00e9".encode("idna"), codecs.lookup("cp1252").name, "x".encode("rot13") if False else codecs.encode("x", "rot13"))
print(sys.getfilesystemencoding(), codecs.lookup("utf-8").name, sorted(encodings._cache)[:3])
