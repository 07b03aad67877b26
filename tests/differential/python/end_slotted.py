class Slotted:
    __slots__ = ()

    def __del__(self):
        print("slotted", flush=True)


kept = Slotted()
