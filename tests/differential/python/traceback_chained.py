class Custom(Exception):
    pass


def load():
    try:
        {}["missing"]
    except KeyError as error:
        raise Custom("while loading") from error


try:
    load()
except Custom:
    try:
        int("x")
    except ValueError:
        raise RuntimeError("in the handler")
