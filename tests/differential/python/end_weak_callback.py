from _weakref import ref


class Kept:
    pass


def gone(_):
    print("gone")


kept = Kept()
watching = ref(kept, gone)
