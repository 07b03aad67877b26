print("a program that does not compile prints nothing")
def broken(:
    pass
