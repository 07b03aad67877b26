class Meta(type):
    def __del__(cls):
        print("metaclass", cls.__name__)


class Kept(metaclass=Meta):
    pass
