import _thread
import os
import threading

print(threading.current_thread() is threading.main_thread(), threading.main_thread().name)
print(threading.main_thread().ident == _thread.get_ident(), threading.get_native_id() == os.getpid())
print(threading.active_count(), threading.stack_size(), threading.settrace, threading.excepthook is threading.__excepthook__ if hasattr(threading, "__excepthook__") else None)
local = threading.local()
local.x = 1
thread = threading.Thread(target=lambda: print(hasattr(local, "x"), threading.current_thread().name))
thread.start()
thread.join()
print(threading.active_count())
