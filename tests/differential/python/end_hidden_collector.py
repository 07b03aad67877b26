import gc
import sys


class Kept:
    def __del__(self):
        print("kept", flush=True)


kept = Kept()
gc.freeze()
del sys.modules["gc"], gc
