import sys


class Watch:
    def __del__(self):
        print("globals:", sorted(name for name, value in list(globals().items()) if value is None)[:3], sys.modules is not None)


watch = Watch()
other = [watch]
