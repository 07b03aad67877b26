import builtins

lines = []


class Printer:
    def __init__(self):
        self.file = open("log.txt", "w+")

    def __call__(self, *words):
        lines.append(words)
        original(*words)

    def __del__(self):
        original("printed", len(lines) if lines is not None else None)


original = builtins.print
builtins.print = Printer()
print("one")
print("two")
