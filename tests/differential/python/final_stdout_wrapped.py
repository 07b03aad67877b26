import sys


class Tee:
    def __init__(self, target):
        self.target, self.flushes = target, 0

    def write(self, text):
        return self.target.write(text.upper())

    def flush(self):
        self.flushes += 1
        self.target.flush()

    def __del__(self):
        self.target.write(f"tee gone after {self.flushes}\n")
        self.target.flush()


sys.stdout = Tee(sys.stdout)
print("hello")
