import os

with open("main.py", "w") as source:
    source.write("\n" * 5 + "rewritten = 1\n" * 20)


def fail():
    raise ValueError("the source has changed")


fail()
