"""How a forked interpreter ends, without the end of all that it shares with its parent: see kiln_forking.py."""

import atexit
import gc
import os
import sys
from _weakref import ref

import _ctypes
import kiln_inert
from kiln_native import Word


def plan(plain, leave, flush_all, rehearsed):
    """Make the end of a child cheap. What `rehearsed` holds is called instead of the end.

    CPython ends by tearing down every module and forgetting every interned string, which for a forked child
    means to copy all the memory that it shares with its parent: most of the time of a short program.
    But once the program's own modules are gone, with everything that they held, nothing is left that could
    show. So the modules that were there before the program are kept alive until CPython clears, one by one
    and from the latest to the oldest, the modules that nothing else has freed. The first of the old ones to
    be cleared holds a function that is watched; when it goes, the process exits.

    That is done only where the status is certain to be 0 and nothing of the program's can have survived:
    the main module ran to its end (CPython then takes __file__ and __cached__ away from it again; it has not
    when an exception such as SystemExit ended it), the namespaces of the old modules hold what they held, no
    audit hook is there, and the output is flushed. Otherwise CPython goes on.

    A program whose objects are all of kinds whose end nobody can notice ends there and then: see kiln_inert.py.
    Libraries in C may have something to do at the end of the process, and are let do it. Those that were
    preloaded only free what the kernel frees anyway: where a program has loaded no others, and called none through
    ctypes, which may have them do anything, the C library's streams are flushed and that is all.
    """
    is_inert = kiln_inert.judge(gc, sys.modules)
    module_type = type(sys)
    kept = [module for module in sys.modules.values() if type(module) is module_type and module.__name__ != "__main__"]
    extension = sys.modules["_frozen_importlib_external"].ExtensionFileLoader
    own_loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
    known = len(sys.modules)
    # These are what programs patch; of the others it is enough that nothing was added.
    patched = ["sys", "builtins", "os", "io", "codecs", "time"]
    namespaces = [vars(module) for module in plain if type(module) is module_type and module.__name__ not in ("__main__", "encodings", "site")]
    versions = version_readers(namespaces)
    stdout, stderr = sys.stdout, sys.stderr
    stdout_flush, stderr_flush = stdout.flush, stderr.flush
    native = any(type(vars(module).get("__loader__")) is extension for module in kept if module.__name__ != "_ctypes")
    # Each library that ctypes opens has a class of its own below this one, and so has each kind of callback.
    foreign = type.__subclasses__.__get__(_ctypes.CFuncPtr)
    known_foreign = len(foreign())
    certain = []
    call, exit_now, exit_cleanly, flush, audit = _ctypes.call_function, os._exit, leave, flush_all, sys.audit
    modules = sys.modules
    main_names = ("__name__", "__spec__", "__package__", "__builtins__")

    def unchanged():
        # To look at a value is to count a reference to it: a page to copy for each of a hundred, unless nothing was written.
        if versions is not None and [version.value for version in versions] == known_versions:
            return True
        if sizes != [len(namespace) for namespace in namespaces]:
            return False
        for namespace, state in zip(watched, states):
            for now, before in zip(namespace.values(), state):
                if now is not before:
                    return False
        return True

    def consider():
        """At the end of the program, after all its own callbacks."""
        try:
            main = vars(modules["__main__"])
            if "__file__" in main or "__cached__" in main or type(main["__loader__"]) is not own_loader:
                return
            for name in main_names:
                main[name]
            if not unchanged():
                return
            # Not a name of an event, so no hook hears of it; but that is an error only where there is one. A hook would hear
            # of the very end, and keeps what it refers to until then.
            audit(None)
            stdout_flush()
            stderr_flush()
            with_native = False
            added = list(modules.values())[known:]
            for module in added:
                if type(module) is not module_type or type(vars(module).get("__loader__")) is extension:
                    with_native = True
            certain.append(with_native or len(foreign()) > known_foreign)
            if is_inert(added):
                end(None)
        except BaseException:
            pass

    def end(_):
        """When the first of the old modules is cleared."""
        if not certain:
            return
        try:
            stdout_flush()
            stderr_flush()
            if rehearsed:
                rehearsed[0]()
            if certain[0]:
                call(exit_cleanly, (0,))
            if native:
                call(flush, (None,))
            exit_now(0)
        except BaseException:
            pass

    # A cycle that no collection looks at once it is frozen, below and before one can come: nothing in it is ever freed.
    cage = [kept]
    cage.append(cage)
    function_type = type(consider)
    watch(kept, cage, function_type, end)
    atexit.register(consider)
    sizes = [len(namespace) for namespace in namespaces]
    watched = [namespace for namespace in namespaces if namespace["__name__"] in patched]
    states = [tuple(namespace.values()) for namespace in watched]
    known_versions = versions and [version.value for version in versions]
    gc.freeze()


def version_readers(namespaces):
    """Return what reads of each dict the number that is another one after each change, or None where there is none.

    It is PEP 509's, in the third field of a dict until CPython 3.11. That this is so is tried here, with the ways to write to one.
    """
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12):
        return None
    place = object.__basicsize__ + _ctypes.sizeof(Word)
    sample = type(sys)("sample")
    namespace = vars(sample)
    version = Word.from_address(id(namespace) + place)

    def store(number):
        sample.number = number

    changes = [
        *(lambda number=number: store(number) for number in range(20)),
        lambda: namespace.update(number=-1),
        lambda: namespace.__setitem__("number", -2),
        lambda: namespace.__delitem__("number"),
        lambda: namespace.setdefault("number", -3),
        lambda: namespace.pop("number"),
        lambda: setattr(sample, "other", None),
        lambda: delattr(sample, "other"),
        lambda: exec("one = 1", namespace),
        lambda: exec("global one; one = 2", namespace),
        lambda: exec("del one", namespace),
        namespace.popitem,
        namespace.clear,
    ]
    for change in changes:
        before = version.value
        change()
        if version.value == before:
            return None
    return [Word.from_address(id(namespace) + place) for namespace in namespaces]


def watch(kept, cage, function_type, end):
    """Have `end` called when CPython clears the first of the old modules."""
    for module in reversed(kept):
        for name, value in vars(module).items():
            if type(value) is function_type and value.__module__ == module.__name__ and sys.getrefcount(value) <= 4:
                cage.append(ref(value, end))
                return
