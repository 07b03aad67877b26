try:
    x = [0] * (1 << 60)
except MemoryError as error:
    print("MemoryError", error.args)
y = "a" * (1 << 62)
