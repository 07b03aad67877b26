import sys
import threading

events = []


def tracer(frame, event, argument):
    if frame.f_code.co_filename == __file__:
        events.append((event, frame.f_code.co_name, frame.f_lineno))
    return tracer


def work(n):
    total = 0
    for i in range(n):
        total += i
    return total


sys.settrace(tracer)
work(2)
sys.settrace(None)
print(events)
calls = []
sys.setprofile(lambda frame, event, argument: calls.append((event, frame.f_code.co_name)))
work(1)
sys.setprofile(None)
print(calls)
