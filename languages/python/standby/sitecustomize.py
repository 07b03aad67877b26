"""Holds a started Python interpreter until its program arrives.

Kiln's agent starts `python3 main.py` before main.py exists, with this directory as PYTHONPATH. CPython's
`site` imports this file last, and here the interpreter waits on the socket whose number is in
KILN_STANDBY_FD. Once released it takes the arguments and the environment of the request, forgets this
file and returns, and CPython goes on to run main.py by itself.

It never runs, reads or compiles the program, and it imports nothing that a plain start has not imported:
tracebacks, exit codes and finalisation are CPython's own, because this is `python3 main.py`. It leaves no
module, function, descriptor, variable, thread or entry of `sys.path` behind.

Conversation: this side writes b"R"; the other side writes a 4-byte little-endian length and that many
bytes: NUL-terminated strings, first the count of arguments in decimal, then the arguments, then the whole
environment as NAME=VALUE. An end of stream before that is complete ends the process with status 0.
Anything else that goes wrong here ends it with EX_SOFTWARE, so that a program never starts half prepared.
"""

import os
import sys


def read_exactly(descriptor, size):
    """Return `size` bytes; an end of stream means that nobody needs this interpreter any more."""
    parts = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive(descriptor):
    """Report readiness and wait; return the arguments and the environment, as lists of bytes."""
    os.write(descriptor, b"R")
    size = int.from_bytes(read_exactly(descriptor, 4), "little")
    count, *strings = read_exactly(descriptor, size).split(b"\0")[:-1]
    return strings[: int(count)], strings[int(count) :]


def find_start_environment():
    """Return (descriptor of this process's memory, first and last address of what /proc/self/environ shows).

    Changing variables does not change that file, which would go on showing the variables of the standby.
    """
    stat = os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        # The command's name may hold spaces and parentheses; what follows it starts with field 3.
        fields = os.read(stat, 4096).rpartition(b")")[2].split()
    finally:
        os.close(stat)
    return os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC), int(fields[47]), int(fields[48])


def replace_start_environment(memory, first, last, variables):
    """Make /proc/self/environ show as many of the variables as fit, then NULs."""
    image = bytearray()
    for variable in variables:
        if len(image) + len(variable) < last - first:
            image += variable + b"\0"
    os.pwrite(memory, image.ljust(last - first, b"\0"), first)


def replace_environment(variables):
    """Make os.environ and the C library's environment exactly these, in this order."""
    zone = os.environb.get(b"TZ")
    # Only CPython itself can have set this: a request that differs in LC_* never comes here. A plain
    # start that coerces the C locale puts it last.
    coerced = os.environb.get(b"LC_CTYPE")
    os.environb.clear()
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if name and equals and name not in os.environb:
            os.environb[name] = value
    if coerced is not None:
        os.environb.setdefault(b"LC_CTYPE", coerced)
    if os.environb.get(b"TZ") != zone and "time" in sys.modules:
        sys.modules["time"].tzset()


def stand_by(descriptor):
    """Wait for the request and make this process look as if it had been started with it."""
    try:
        memory, first, last = find_start_environment()
    except OSError:
        memory = None  # No /proc, or a kernel that guards it: the file keeps showing the standby's start.
    arguments, variables = receive(descriptor)
    os.close(descriptor)
    replace_environment(variables)
    if memory is not None:
        try:
            replace_start_environment(memory, first, last, variables)
        except OSError:
            pass
        os.close(memory)
    arguments = [os.fsdecode(argument) for argument in arguments]
    sys.argv += arguments
    if hasattr(sys, "orig_argv"):  # Since 3.10.
        sys.orig_argv += arguments


def leave_search_path(directory):
    """Take this directory out of the search path, and this module out of the loaded ones."""
    sys.path[:] = [entry for entry in sys.path if entry != directory]
    sys.path_importer_cache.pop(directory, None)
    del sys.modules[__name__]
    # The lookup that a plain start does here: it fills the finders' caches of directory listings.
    for finder in sys.meta_path:
        if finder.find_spec(__name__, None):
            break


def give_way():
    """Run the image's own module of this name; return the ImportError that `site` expects where there is none."""
    try:
        import sitecustomize
    except ImportError as error:
        return error.with_traceback(None)


def forget(namespace, absence):
    """Empty this file's namespace, whose functions would stay until a garbage collection; report the absence."""
    namespace.clear()
    if absence:
        try:
            raise absence
        finally:
            del absence


try:
    leave_search_path(os.path.dirname(__file__))
    absence = give_way()
    # Without the variable this is a later interpreter of the same process: it has nothing to wait for.
    if "KILN_STANDBY_FD" in os.environ:
        stand_by(int(os.environ["KILN_STANDBY_FD"]))
except BaseException:
    os._exit(os.EX_SOFTWARE)

forget(globals(), absence)
