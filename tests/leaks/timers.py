# Leaves: timers.
import ctypes, signal

signal.alarm(1)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
libc = ctypes.CDLL(None, use_errno=True)
timer = ctypes.c_void_p()
print(libc.timer_create(1, None, ctypes.byref(timer)))
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
