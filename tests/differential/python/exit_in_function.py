import atexit

atexit.register(print, "at exit")


def leave():
    quit(8)


with open("note.txt", "w") as note:
    note.write("x")
    leave()
