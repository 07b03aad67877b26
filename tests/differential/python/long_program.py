import itertools

table = {}
for a, b in itertools.product(range(200), repeat=2):
    table[a, b] = a * b % 7
print(sum(table.values()), len(table))


def sieve(limit):
    marks = bytearray([1]) * (limit + 1)
    marks[:2] = b"\0\0"
    for n in range(2, int(limit ** 0.5) + 1):
        if marks[n]:
            marks[n * n :: n] = bytes(len(marks[n * n :: n]))
    return [n for n, prime in enumerate(marks) if prime]


print(sieve(100)[-3:], len(sieve(100000)))
