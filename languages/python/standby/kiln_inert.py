"""Whether a program that has ended has left anything whose end could be noticed.

`judge` is called in Kiln's parent of waiting interpreters, and what it returns at the end of each program: see
kiln_forking.py. It changes nothing and calls nothing of the program's. Whatever it does not know for harmless is
a reason to let CPython go through all of its end.

CPython's end does three things that a program can notice: it runs finalisers (`__del__`, generators that are
suspended in a `try`, callbacks of weak references), it flushes files, and it warns of what was not closed. None of
that comes from an object of a kind listed here, or from an instance of a class of the program's without
`__del__` whose bases are such kinds. Every class and every object that can hold another is known to the garbage
collector; what it does not know are plain values, and instances of classes that it does know.
"""

import sys

# More is not looked at: then looking would cost as much as it saves.
OBJECTS_MAX = 1000
# Modules in C whose import adds only functions and plain values.
HARMLESS_MODULES = frozenset({"math", "cmath"})


def judge(gc, modules):
    """Return a function that tells, from the modules that a program has added, whether nothing of it could be noticed."""

    cell = 0
    function = lambda: cell  # noqa: E731
    kind_of_function = type(function)
    # No class is made for a sample: all of them are listed by `object.__subclasses__()`.
    descriptors = {type(kind_of_function.__globals__), type(kind_of_function.__code__), type(object.__init__), type(str.join)}
    calls = {kind_of_function, type(function.__closure__[0]), type(len), type([].append), type(modules["os"].environ.get)}
    views = {type({}.keys()), type({}.values()), type({}.items())}
    plain = {dict, list, tuple, set, frozenset, type(sys), property, staticmethod, classmethod, slice}
    kinds = frozenset(plain | views | calls | descriptors | {modules["_frozen_importlib_external"].SourceFileLoader})
    bases = frozenset({object, int, float, str, bytes, dict, list, tuple, set, frozenset, *exceptions()})
    reference = modules["_weakref"].ReferenceType
    count_threads = modules["_thread"]._count
    get_objects, get_debug, callbacks = gc.get_objects, gc.get_debug, gc.callbacks
    mro = vars(type)["__mro__"].__get__
    namespace = vars(type)["__dict__"].__get__

    def is_inert(added):
        for module in added:
            if type(module) is not type(sys) or vars(module).get("__name__") not in HARMLESS_MODULES:
                return False
        if count_threads() or get_debug() or callbacks:
            return False
        objects = get_objects()
        if len(objects) > OBJECTS_MAX:
            return False
        classes = set()
        others = set()
        for thing in objects:
            kind = type(thing)
            if kind in kinds:
                continue
            if kind is type:
                classes.add(thing)
            elif kind is reference:
                if thing.__callback__ is not None:
                    return False
            else:
                others.add(kind)
        for thing in classes:
            for base in mro(thing):
                if base not in bases and (base not in classes or "__del__" in namespace(base)):
                    return False
        return others <= classes

    return is_inert


def exceptions():
    """Return CPython's own exceptions, which do no more at their end than their parts do."""
    builtins = vars(sys.modules["builtins"]).values()
    return [value for value in builtins if type(value) is type and issubclass(value, BaseException)]
