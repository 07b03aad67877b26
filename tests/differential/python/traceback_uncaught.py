def inner(value):
    return value / 0


def outer():
    return [inner(x) for x in (1,)]


print("before")
outer()
print("never")
