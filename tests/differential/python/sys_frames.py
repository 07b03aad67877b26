import inspect
import sys
import threading
import traceback


def depth():
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count


class Holder:
    def method(self):
        return depth(), [entry.function for entry in inspect.stack()], inspect.stack()[-1].filename == __file__


print(depth(), Holder().method())
print(sys._getframe().f_back, sys._getframe().f_lineno, sys._getframe().f_code.co_name, sys._getframe().f_code.co_filename)
print([frame.f_code.co_name for frame in sys._current_frames().values()])
traceback.print_stack()
traceback.print_stack(file=sys.stdout)
print(inspect.getsource(depth))
print(inspect.currentframe().f_globals is globals(), inspect.getmodule(depth), inspect.getfile(Holder))
print(threading.current_thread().name, threading.active_count())
