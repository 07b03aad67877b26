import locale
import os
import sys

print(locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(False), locale.localeconv()["decimal_point"])
print({name: os.environ.get(name) for name in ("LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC")})
try:
    print(locale.setlocale(locale.LC_ALL, ""))
except locale.Error as error:
    print(error)
print(f"{1234567.891:n}", sys.flags.utf8_mode, locale.strcoll("a", "B"))
