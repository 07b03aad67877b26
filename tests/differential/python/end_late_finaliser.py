class Late:
    pass


class Derived(Late):
    pass


kept = Derived()
Late.__del__ = lambda self: print("late", type(self).__name__)
