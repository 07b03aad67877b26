# Leaves: killed for memory.
block = bytearray(2 << 30)
for index in range(0, len(block), 4096):
    block[index] = 1
