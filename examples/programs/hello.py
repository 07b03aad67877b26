import sys

squares = [n * n for n in range(10)]
print(f"Python {sys.version.split()[0]} says hello; the squares are {squares}")
