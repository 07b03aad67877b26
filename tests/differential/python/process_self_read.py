import os

print(open(__file__).read() == open("main.py").read(), os.path.getsize("main.py"), oct(os.stat("main.py").st_mode))
os.remove("main.py")


def fail():
    raise ValueError("the source is gone")


fail()
