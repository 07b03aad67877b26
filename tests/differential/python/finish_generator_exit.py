import contextlib
import sys


@contextlib.contextmanager
def block(name):
    print("enter", name)
    try:
        yield
    except BaseException as error:
        print("saw", type(error).__name__)
        raise
    finally:
        print("leave", name)


with block("a"), block("b"):
    sys.exit(12)
