import sys

try:
    1 / 0
except ZeroDivisionError:
    print(sys.exc_info()[0], sys.exc_info()[2].tb_lineno, sys.exc_info()[2].tb_frame.f_back)
    raise ValueError("alone") from None
