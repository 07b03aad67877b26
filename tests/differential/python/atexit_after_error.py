import atexit
import sys


@atexit.register
def late():
    print("late", sys.exc_info(), hasattr(sys, "last_value"), type(getattr(sys, "last_value", None)).__name__)


raise ArithmeticError("body")
