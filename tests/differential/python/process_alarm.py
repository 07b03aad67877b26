import signal
import time

events = []
signal.signal(signal.SIGALRM, lambda number, frame: events.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.2)
print(events == [signal.SIGALRM])
signal.signal(signal.SIGUSR1, lambda number, frame: 1 / 0)
signal.raise_signal(signal.SIGUSR1)
