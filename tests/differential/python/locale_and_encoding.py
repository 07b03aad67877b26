import codecs
import locale
import sys
import time

print(locale.setlocale(locale.LC_ALL), locale.getlocale(), locale.getpreferredencoding(), sys.getfilesystemencoding())
print(locale.setlocale(locale.LC_ALL, ""), locale.localeconv()["decimal_point"], time.tzname, time.strftime("%A", (2026, 1, 1, 0, 0, 0, 3, 1, 0)))
print(sys.stdin.encoding, sys.stdout.encoding, sys.stderr.encoding, sys.stdin.errors, sys.stdout.errors, sys.stderr.errors)
for name in ("latin-1", "cp1252", "utf-16", "idna", "punycode", "rot13", "no-such"):
    try:
        print(codecs.lookup(name).name)
    except LookupError as error:
        print(error)
print("ärger €".encode("cp1252"), sys.stdout.line_buffering, sys.stdout.buffer.raw.fileno(), sys.stdin.buffer.raw.mode)
print(sys.stdin.seekable(), sys.stdout.seekable(), sys.stdout.buffer.raw.closefd, sys.stdout.write_through)
