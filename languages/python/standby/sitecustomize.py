"""Holds a started Python interpreter until its program arrives.

Kiln's agent starts `python3 main.py` before main.py exists, with this directory as PYTHONPATH. CPython's
`site` imports this file last. It appends a hook to `sys.path_hooks`, which CPython asks about the main file right
before it opens that; there the interpreter waits on the socket whose number is in KILN_STANDBY_FD. Once released
it takes the arguments and the environment of the request and returns, and CPython goes on to run main.py by
itself.

It never runs or compiles the program, and reads it only to tell an archive: tracebacks and exit codes are CPython's own, because this is
`python3 main.py`. It leaves no module, function, descriptor, variable, thread or entry of `sys.path`
behind; what shows nevertheless is listed in docs/standby.md.

Where the agent also sets KILN_STANDBY_FORKS, the process that it starts never runs a program. It imports
what KILN_STANDBY_PRELOAD names, stays root in its container, and forks a process that waits for each
message on its socket: see kiln_forking.py. What is in the directory that KILN_STANDBY_PACKAGES names was not
written by Kiln or by the image: root does not look for modules there, the forked process does.

Conversation of one that waits: this side writes b"R"; the other side writes a 4-byte little-endian length
and that many bytes: NUL-terminated strings, first the count of arguments in decimal, then the arguments,
then the whole environment as NAME=VALUE. An end of stream before that is complete ends the process with
status 0. Anything else that goes wrong here ends it with EX_SOFTWARE, so that a program never starts half
prepared.
"""

import os
import sys

# A plain file's type among the bits of its mode, as in the module `stat`.
FILE_TYPE, REGULAR_FILE = 0o170000, 0o100000
# A ZIP archive ends with a record of at least so many bytes, which begins so and may have a comment after it.
ZIP_END_BYTES, ZIP_END, ZIP_TAIL_BYTES = 22, b"PK\5\6", 22 + 65535
EX_SOFTWARE = os.EX_SOFTWARE
# Most messages are shorter.
READ_BYTES = 4096


def read_some(descriptor, count):
    """Return what there is once there is something, at most so many bytes; an end of stream means that nobody needs this interpreter any more."""
    part = os.read(descriptor, count)
    if not part:
        os._exit(0)
    return part


def receive(descriptor, meanwhile):
    """Report readiness and wait; return the arguments and the environment, as lists of bytes."""
    os.write(descriptor, b"R")
    if meanwhile is not None:
        meanwhile()
    message = read_some(descriptor, READ_BYTES)
    while len(message) < 4:
        message += read_some(descriptor, READ_BYTES)
    missing = 4 + int.from_bytes(message[:4], "little") - len(message)
    parts = [message]
    while missing > 0:
        parts.append(read_some(descriptor, missing))
        missing -= len(parts[-1])
    if len(parts) > 1:
        message = b"".join(parts)
    count, *strings = message[4:].split(b"\0")[:-1]
    return strings[: int(count)], strings[int(count) :]


def find_start_environment():
    """Return (descriptor of this process's memory, first and last address of what /proc/self/environ shows).

    Changing variables does not change that file, which would go on showing the variables of the standby.
    """
    try:
        stat = os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            # The command's name may hold spaces and parentheses; what follows it starts with field 3.
            fields = os.read(stat, 4096).rpartition(b")")[2].split()
        finally:
            os.close(stat)
        return os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC), int(fields[47]), int(fields[48])
    except OSError:
        return None  # No /proc, or a kernel that guards it: the file keeps showing the standby's start.


def replace_start_environment(place, variables):
    """Make /proc/self/environ show as many of the variables as fit, then NULs. Nothing may use the old ones any more."""
    if place is None:
        return
    memory, first, last = place
    image = bytearray()
    for variable in variables:
        if len(image) + len(variable) < last - first:
            image += variable + b"\0"
    try:
        os.pwrite(memory, image.ljust(last - first, b"\0"), first)
    except OSError:
        pass


def guess_variables():
    """Return the environment of a request that adds nothing to it, as the agent sorts it."""
    return sorted(
        name + b"=" + value
        for name, value in os.environb.items()
        if not name.startswith(b"KILN_STANDBY_") and name not in (b"PYTHONPATH", b"LC_CTYPE")
    )


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


def prepare():
    """Make the environment what is right for most requests, which bring no variables; return that."""
    guessed = guess_variables()
    place = find_start_environment()
    replace_environment(guessed)
    replace_start_environment(place, guessed)
    if place is not None:
        os.close(place[0])
    return guessed


def stand_by(descriptor, guessed, meanwhile):
    """Wait for the request and make this process look as if it had been started with it."""
    arguments, variables = receive(descriptor, meanwhile)
    os.close(descriptor)
    if variables != guessed:
        place = find_start_environment()
        replace_environment(variables)
        replace_start_environment(place, variables)
        if place is not None:
            os.close(place[0])
    if arguments:
        # In place: the namespace of `sys` must not change, see kiln_forking.py.
        arguments = [os.fsdecode(argument) for argument in arguments]
        sys.argv.extend(arguments)
        if hasattr(sys, "orig_argv"):  # Since 3.10.
            sys.orig_argv.extend(arguments)


def withhold(directory):
    """Take a directory out of the search path; return what puts it back to where it was."""
    if directory not in sys.path:
        return lambda: None
    place = sys.path.index(directory)
    behind = len(sys.path) - place - 1
    del sys.path[place]
    sys.path_importer_cache.pop(directory, None)
    return lambda: sys.path.insert(len(sys.path) - behind, directory)


def leave_search_path():
    """Take Kiln's directories out of the search path, and this module out of the loaded ones."""
    # The whole variable is Kiln's: a request that brings one of its own never comes here.
    own = [os.path.dirname(__file__), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path[:] = [entry for entry in sys.path if entry not in own]
    for directory in own:
        sys.path_importer_cache.pop(directory, None)
    sys.modules.pop(__name__, None)
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


def is_plain(main_file):
    """Whether no hook could import the main file: it is neither a directory nor a ZIP archive."""
    try:
        status = os.stat(main_file)
        if status.st_mode & FILE_TYPE != REGULAR_FILE:
            return False
        if status.st_size < ZIP_END_BYTES:
            return True
        file = os.open(main_file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return ZIP_END not in os.pread(file, ZIP_TAIL_BYTES, max(status.st_size - ZIP_TAIL_BYTES, 0))
        finally:
            os.close(file)
    except OSError:
        return False


def stand_by_later(descriptor, preparation, give_back, namespace):
    """Wait where CPython asks the hooks of `sys.path_hooks` whether the main file is a package, right before it opens it.

    `site` is over then, and what it and CPython do once per start is not done while somebody waits. The hooks before
    this last one have found nothing yet; they are asked again only where they could find something now.
    """
    hooks = sys.path_hooks
    directory = os.getcwd()
    main_files = (sys.argv[0], os.path.join(directory, sys.argv[0]))

    def wait(path):
        if path not in main_files:
            raise ImportError
        try:
            hooks.remove(wait)
            guessed = prepare()
            job = (descriptor, None) if preparation is None else lead(descriptor, preparation, path)
            if job is not None:
                control, meanwhile = job
                give_back()
                stand_by(control, guessed, meanwhile)
            plain = is_plain(path)
            if preparation is None:
                namespace.clear()
        except BaseException:
            os._exit(EX_SOFTWARE)
        if not plain:
            for hook in hooks:
                try:
                    return hook(path)
                except ImportError:
                    pass
        raise ImportError

    hooks.append(wait)


try:
    if "KILN_STANDBY_FD" in os.environ:
        descriptor = int(os.environ["KILN_STANDBY_FD"])
        lead = preparation = None
        give_back = withhold(os.environ.get("KILN_STANDBY_PACKAGES") if "KILN_STANDBY_FORKS" in os.environ else None)
        if "KILN_STANDBY_FORKS" in os.environ:
            import kiln_forking

            lead, preparation = kiln_forking.lead, kiln_forking.prepare(os.environ.get("KILN_STANDBY_PRELOAD", "").split())
        leave_search_path()
        stand_by_later(descriptor, preparation, give_back, globals())
        forget_later = True
    else:
        # A later interpreter of the same process: it has nothing to wait for.
        leave_search_path()
        forget_later = False
    absence = give_way()
except BaseException:
    os._exit(os.EX_SOFTWARE)

if not forget_later:
    forget(globals(), absence)
elif absence:
    raise absence
