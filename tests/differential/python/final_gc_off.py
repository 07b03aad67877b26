import gc

gc.disable()


class Cyclic:
    def __init__(self):
        self.me = self

    def __del__(self):
        print("del", gc.isenabled())


for _ in range(3):
    Cyclic()
print(gc.collect())
Cyclic()
gc.set_debug(0)
