"""The process that forks the interpreters that wait, and how such an interpreter ends.

`lead` runs in the process that Kiln's agent starts once per container, inside `site`'s import of
sitecustomize.py. It returns only in the children. The process is root in its container, because it has to
give its children their uid. It reads nothing that a program could have written: its files are those of a
read-only image and volume, it has no program's directory in `sys.path`, and nobody but the agent holds the
other end of its socket.

Conversation, over a socket that keeps messages apart: the agent sends "UID NICE OOM_SCORE" in decimal with
four descriptors: the child's stdin, stdout, stderr and control stream. Once the child no longer has this
process or a short-lived one between as its parent, but the agent, this side answers b"F". The child writes
its process id, 4 bytes little-endian, on its control stream before it says there that it waits. An end of
stream ends this process with status 0, anything unexpected with an error.
"""

import atexit
import gc
import os
import sys
from _weakref import ref

import _ctypes
import _socket

# prctl(2)'s PR_SET_DUMPABLE. A change of uid clears it, and then /proc/self belongs to root.
PR_SET_DUMPABLE = 4
REQUEST_BYTES_MAX = 64
DESCRIPTORS = 4
DESCRIPTOR_BYTES = 4
# The child's control stream, after its stdin, stdout and stderr.
CONTROL = 3
# What a process may have open.
DESCRIPTORS_MAX = 1024
# madvise(2): copy the pages of a range now that a write would copy one by one. Since Linux 5.14; elsewhere it is refused.
MADV_POPULATE_WRITE = 23
PAGE_BYTES = 4096
# /proc/self/pagemap: eight bytes a page, this bit set where no other process maps it.
PAGEMAP_ENTRY_BYTES = 8
PAGEMAP_EXCLUSIVE = 1 << 56


def lead(descriptor, preload, leave_search_path):
    """Import `preload` and fork a child for each message; return the descriptor of its control stream in the child."""
    channel = _socket.socket(fileno=descriptor)
    library = _ctypes.dlopen(None, 0x2)  # RTLD_NOW
    set_process = _ctypes.dlsym(library, "prctl")
    leave = _ctypes.dlsym(library, "exit")
    # Ours are about to go, and their namespaces with them.
    plain = [module for name, module in sys.modules.items() if name not in ("sitecustomize", __name__)]
    # An image without them has programs that do without, or fail as they would anywhere.
    loaded = [name for name in preload if can_import(name)]
    rehearse = None
    if loaded and loaded == preload and can_import("kiln_rehearsal"):
        rehearse = sys.modules.pop("kiln_rehearsal").rehearse
        rehearse()
    leave_search_path()
    hide(__name__, "_ctypes", "_socket", "gc", "atexit")
    plan = plan_end(plain, leave)
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a preloaded module has started a thread; a forked child would miss it")
    # Nothing that is here now is looked at by a collection of the child's, nor copied for its sake.
    gc.freeze()
    own = [] if rehearse is None else plan_pages(rehearse)
    populate = _ctypes.dlsym(library, "madvise")
    while True:
        request, ancillary, _, _ = channel.recvmsg(
            REQUEST_BYTES_MAX, _socket.CMSG_SPACE(DESCRIPTORS * DESCRIPTOR_BYTES), _socket.MSG_CMSG_CLOEXEC
        )
        if not request:
            os._exit(0)
        ((_, _, packed),) = ancillary
        descriptors = memoryview(packed).cast("i").tolist()
        # Twice, so that the child's parent is the agent, which adopts orphans.
        between = os.fork()
        if between == 0:
            if os.fork():
                os._exit(0)
            channel.detach()
            become_job(descriptors, *map(int, request.split()))
            _ctypes.call_function(set_process, (PR_SET_DUMPABLE, 1, 0, 0, 0))
            reseed()
            for start, size in own:
                _ctypes.call_function(populate, (start, size, MADV_POPULATE_WRITE))
            plan()
            os.write(CONTROL, os.getpid().to_bytes(4, "little"))
            return CONTROL
        for number in descriptors:
            os.close(number)
        _, status = os.waitpid(between, 0)
        if status:
            raise RuntimeError("cannot fork")
        channel.send(b"F")


def can_import(name):
    """Import a module, if it is there."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def plan_pages(rehearse):
    """Let a child rehearse; return the ranges of memory that it wrote to, as arguments for madvise.

    A large library's objects are spread over all of its memory, and a program that uses it writes to thousands of pages
    for their reference counts alone. Each is copied then, at a cost that its program would see.
    """

    class Address(_ctypes._SimpleCData):
        _type_ = "P"

    class Size(_ctypes._SimpleCData):
        _type_ = "L"

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            rehearse()
            with open(write, "w") as report:
                report.writelines(f"{start} {end}\n" for start, end in written_ranges())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as report:
        ranges = [tuple(map(int, line.split())) for line in report]
    os.waitpid(child, 0)
    return [(Address(start), Size(end - start)) for start, end in ranges]


def written_ranges():
    """Return the ranges of private memory that only this process maps, although it was forked."""
    ranges = []
    with open("/proc/self/maps") as maps:
        areas = [line.split() for line in maps]
    with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
        for addresses, mode, *_ in areas:
            if mode != "rw-p":
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            entries = os.pread(
                pagemap.fileno(), (end - start) // PAGE_BYTES * PAGEMAP_ENTRY_BYTES, start // PAGE_BYTES * PAGEMAP_ENTRY_BYTES
            )
            for number, entry in enumerate(memoryview(entries).cast("Q")):
                if entry & PAGEMAP_EXCLUSIVE:
                    page = start + number * PAGE_BYTES
                    if ranges and ranges[-1][1] == page:
                        ranges[-1][1] = page + PAGE_BYTES
                    else:
                        ranges.append([page, page + PAGE_BYTES])
    return ranges


def hide(*names):
    """Take modules out of the loaded ones that a plain start has not loaded, unless the preloaded use them."""
    preloaded = "threading" in sys.modules
    for name in names:
        if not preloaded or name == __name__:
            sys.modules.pop(name, None)


def become_job(descriptors, uid, nice, oom_score):
    """Do in this process what the agent does in one that it starts as a job; bounds are inherited."""
    os.setsid()
    os.umask(0o022)
    try:
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(file, b"%d" % oom_score)
        os.close(file)
    except OSError:
        pass  # A kernel without the file is no reason not to run.
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    # The received ones are above these: the parent's own streams are open.
    for number, received in enumerate(descriptors):
        os.dup2(received, number, inheritable=number != CONTROL)
        if number != CONTROL:
            # A pipe can be opened again by its name, as /dev/stdin, by its owner alone.
            os.fchown(number, uid, uid)
    os.closerange(CONTROL + 1, DESCRIPTORS_MAX)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def reseed():
    """Give the child randomness of its own; the `random` module does so itself after every fork."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def renew_main():
    """Replace the main module by its like, since no collection would ever look at one that is frozen, and thus at a program."""
    old = vars(sys.modules["__main__"])
    new = type(sys)("__main__")
    vars(new).update(old)
    if "__annotations__" in old:
        new.__annotations__ = {}
    sys.modules["__main__"] = new


def plan_end(plain, leave):
    """Make the end of a child cheap; return what to call in the child before it waits.

    CPython ends by tearing down every module and forgetting every interned string, which for a forked child
    means to copy all the memory that it shares with its parent: most of the time of a short program.
    But once the program's own modules are gone, with everything that they held, nothing is left that could
    show. So the modules that were there before the program are kept alive until CPython clears, one by one
    and from the latest to the oldest, the modules that nothing else has freed. The first of the old ones to
    be cleared holds a function that is watched; when it goes, the process exits.

    That is done only where the status is certain to be 0 and nothing of the program's can have survived:
    the main module ran to its end (CPython then takes __file__ and __cached__ away from it again; it has not
    when an exception such as SystemExit ended it), the namespaces of the old modules hold what they held, and
    the output is flushed. Otherwise CPython goes on.
    """
    module_type = type(sys)
    kept = [module for module in sys.modules.values() if type(module) is module_type and module.__name__ != "__main__"]
    extension = sys.modules["_frozen_importlib_external"].ExtensionFileLoader
    own_loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
    known = len(sys.modules)
    # These are what programs patch; of the others it is enough that nothing was added.
    patched = ["sys", "builtins", "os", "io", "codecs", "time"]
    namespaces = [vars(module) for module in plain if type(module) is module_type and module.__name__ not in ("__main__", "encodings", "site")]
    watched = [namespace for namespace in namespaces if namespace["__name__"] in patched]
    states, sizes = [], []
    stdout, stderr = sys.stdout, sys.stderr
    stdout_flush, stderr_flush = stdout.flush, stderr.flush
    native = any(type(vars(module).get("__loader__")) is extension for module in kept if module.__name__ != "_ctypes")
    certain = []
    call, exit_now, exit_cleanly = _ctypes.call_function, os._exit, leave
    modules = sys.modules
    main_names = ("__name__", "__spec__", "__package__", "__builtins__")

    def unchanged():
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
            if sizes != [len(namespace) for namespace in namespaces]:
                return
            if not unchanged():
                return
            stdout_flush()
            stderr_flush()
            with_native = native
            for module in list(modules.values())[known:]:
                if type(module) is not module_type or type(vars(module).get("__loader__")) is extension:
                    with_native = True
            certain.append(with_native)
        except BaseException:
            pass

    def end(_):
        """When the first of the old modules is cleared."""
        if not certain:
            return
        try:
            stdout_flush()
            stderr_flush()
            if certain[0]:
                # Libraries in C may have output of their own to flush.
                call(exit_cleanly, (0,))
            exit_now(0)
        except BaseException:
            pass

    def plan():
        renew_main()
        sizes.extend(map(len, namespaces))
        states.extend(tuple(namespace.values()) for namespace in watched)
        # Once for nothing: the memory that this writes to, as does every program, becomes the child's own before it is needed.
        unchanged()
        exec(compile("print", "main.py", "exec"), {})
        for hook in sys.path_hooks:
            try:
                hook("main.py")
            except ImportError:
                pass
        atexit.register(consider)

    # A cycle that no collection looks at once it is frozen: nothing in it is ever freed.
    cage = [kept]
    cage.append(cage)
    function_type = type(plan)
    for module in reversed(kept):
        for name, value in vars(module).items():
            if type(value) is function_type and value.__module__ == module.__name__ and sys.getrefcount(value) <= 4:
                cage.append(ref(value, end))
                return plan
    return plan
