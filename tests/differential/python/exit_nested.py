import sys

try:
    try:
        sys.exit(4)
    finally:
        print("inner finally")
except SystemExit as first:
    print("caught", first.code)
    sys.exit(SystemExit(5))
