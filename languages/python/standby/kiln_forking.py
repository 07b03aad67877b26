"""The process that forks the interpreters that wait, and how such an interpreter ends.

`lead` runs in the process that Kiln's agent starts once per container, when CPython is about to open its main
file: see sitecustomize.py. It returns only in the children. The process is root in its container, because it
has to give its children their uid. It reads nothing that a program could have written: its files are those of
a read-only image and volume, it has no program's directory in `sys.path`, and nobody but the agent holds the
other end of its socket.

Conversation, over a socket that keeps messages apart: the agent sends "UID NICE OOM_SCORE" in decimal with
one descriptor: the child's control stream. Once the child no longer has this process or a short-lived one
between as its parent, but the agent, this side answers b"F". The child finds one byte on its control stream,
and with it three descriptors: its stdin, stdout and stderr, which are its uid's. There it writes its process
id and its holder's or 0, each 4 bytes little-endian, before it says that it waits. An end of stream ends this
process with status 0, anything unexpected with an error.

A child's memory has a second process, its holder: see `holder_maker`.
"""

import atexit
import gc
import os
import sys
from _weakref import ref

import _ctypes
import _signal
import _socket
import kiln_inert

OWN = ("kiln_forking", "kiln_inert")
# prctl(2)'s PR_SET_DUMPABLE. A change of uid clears it, and then /proc/self belongs to root.
PR_SET_DUMPABLE = 4
REQUEST_BYTES_MAX = 64
STREAMS = 3
DESCRIPTOR_BYTES = 4
# The child's control stream, after its stdin, stdout and stderr.
CONTROL = STREAMS
# What a process may have open.
DESCRIPTORS_MAX = 1024
# madvise(2): copy the pages of a range now that a write would copy one by one. Since Linux 5.14; elsewhere it is refused.
MADV_POPULATE_WRITE = 23
PAGE_BYTES = 4096
# How long a child waits until it takes the machine for calm, in milliseconds.
CALM_MS = 5
# Pages between two ranges that are copied with them, because a system call costs more.
GAP_PAGES = 1
# /proc/PID/pagemap: eight bytes a page, this bit set where no other process maps it.
PAGEMAP_ENTRY_BYTES = 8
PAGEMAP_EXCLUSIVE = 1 << 56
# prctl(2)'s PR_GET_TID_ADDRESS: where the C library keeps the thread's id.
PR_GET_TID_ADDRESS = 40
# clone(2): the new process is a brother, and its id is kept where the C library does.
CLONE_PARENT, CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID = 0x00008000, 0x00200000, 0x01000000
# clone(2): the new process has the same memory, not a copy.
CLONE_VM = 0x00000100
SIGCHLD = 17
# A stack for a process that makes one system call.
HOLDER_STACK_BYTES = 4096
# By machine: the numbers of clone, set_robust_list and get_robust_list, and the place of the id's address among clone's arguments.
SYSTEM_CALLS = {"x86_64": (56, 273, 274, 3), "aarch64": (220, 99, 100, 4)}

# What is rehearsed in the parent's first child: a little of what most programs do.
REHEARSAL = """\
class Rehearsal:
    def __init__(self, number):
        self.number = number

    def double(self):
        return self.number * 2

def main(words=("one", "two")):
    found = {word: [Rehearsal(len(word)).double() for _ in range(3)] for word in words}
    try:
        found["three"]
    except KeyError:
        found["three"] = sorted(found["one"])
    print(f"{len(found)} {sum(found['two']):.2f}", *map(str, range(3)))

main()
"""


def prepare(preload):
    """Import what is to be shared; return what a plain interpreter has loaded by now, and what is to be rehearsed, if anything."""
    # Ours are about to go, and their namespaces with them.
    plain = [module for name, module in sys.modules.items() if name not in ("sitecustomize", *OWN)]
    # An image without them has programs that do without, or fail as they would anywhere.
    loaded = [name for name in preload if can_import(name)]
    if not loaded or loaded != preload or not can_import("kiln_rehearsal"):
        return plain, None
    rehearse = sys.modules.pop("kiln_rehearsal").rehearse
    rehearse()
    return plain, rehearse


def lead(descriptor, preparation, main_file):
    """Fork a child for each message; return in the child the descriptor of its control stream, and what to do while it waits.

    The first child is nobody's: `None` is returned there, and it runs a rehearsal as if it were a program.
    """
    plain, rehearse = preparation
    channel = _socket.socket(fileno=descriptor)
    # Looked up before anything is frozen: it makes what it belongs to.
    receive = channel.recvmsg
    library = _ctypes.dlopen(None, 0x2)  # RTLD_NOW
    set_process = _ctypes.dlsym(library, "prctl")
    poll, populate = _ctypes.dlsym(library, "poll"), _ctypes.dlsym(library, "madvise")
    fork_brother = brother_forker(library)
    make_holder = None if fork_brother is None else holder_maker(library)
    hide("_ctypes", "_socket", "gc", "atexit")
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a preloaded module has started a thread; a forked child would miss it")
    os.umask(0o022)
    rehearsed = []
    plan_end(plain, _ctypes.dlsym(library, "exit"), _ctypes.dlsym(library, "fflush"), rehearsed)
    own = plan_pages(rehearse, main_file, rehearsed)
    # Nothing that is here now is looked at by a collection of a child's, nor copied for its sake.
    gc.freeze()
    renew_main()
    if own is None:
        return None
    # A `struct pollfd`: the descriptor, and POLLIN.
    awaited = _ctypes.byref(Word(CONTROL | 1 << 32)) if own else None

    def make_pages_own():
        """Copy what the program will write to, unless it comes at once: on a busy machine nobody would gain by it."""
        if awaited is not None and _ctypes.call_function(poll, (awaited, 1, CALM_MS)) == 0:
            for start, size in own:
                _ctypes.call_function(populate, (start, size, MADV_POPULATE_WRITE))

    ancillary_bytes = _socket.CMSG_SPACE(STREAMS * DESCRIPTOR_BYTES)
    while True:
        request, ancillary, _, _ = receive(REQUEST_BYTES_MAX, ancillary_bytes, _socket.MSG_CMSG_CLOEXEC)
        if not request:
            os._exit(0)
        (control,) = passed_descriptors(ancillary)
        between = None
        if fork_brother is not None:
            is_child = fork_brother() == 0
        else:
            # Twice, so that the child's parent is the agent, which adopts orphans.
            between = os.fork()
            is_child = between == 0
            if is_child and os.fork():
                os._exit(0)
        if is_child:
            channel.detach()
            become_job(control, *map(int, request.split()))
            holder = 0 if make_holder is None else make_holder()
            take_streams(ancillary_bytes)
            _ctypes.call_function(set_process, (PR_SET_DUMPABLE, 1, 0, 0, 0))
            reseed()
            os.write(CONTROL, os.getpid().to_bytes(4, "little") + holder.to_bytes(4, "little"))
            return CONTROL, make_pages_own
        os.close(control)
        if between is not None:
            _, status = os.waitpid(between, 0)
            if status:
                raise RuntimeError("cannot fork")
        channel.send(b"F")


class Word(_ctypes._SimpleCData):
    """64 bits, for a system call and from one."""

    _type_ = "l"


class Call(_ctypes.CFuncPtr):
    """A function of the C library's or of CPython's that returns such."""

    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI
    _restype_ = Word


def brother_forker(library):
    """Return what forks a process whose parent is this one's, or None where that cannot be done.

    It is fork(2) as the C library and CPython do it, but for the flag: the library keeps the thread's id in memory and
    has the kernel know a list of locks, and CPython is told before and after. No handler that a library has
    registered with pthread_atfork runs.
    """

    def function(name):
        return Call(_ctypes.dlsym(library, name))

    try:
        clone, set_robust_list, get_robust_list, place = SYSTEM_CALLS[os.uname().machine]
        # Other C libraries do otherwise.
        function("gnu_get_libc_version")
        system_call, prctl = function("syscall"), function("prctl")
        before, in_parent, in_child = map(function, ("PyOS_BeforeFork", "PyOS_AfterFork_Parent", "PyOS_AfterFork_Child"))
    except (KeyError, OSError):
        return None
    address, head, size = Word(), Word(), Word()
    if prctl(PR_GET_TID_ADDRESS, _ctypes.byref(address)) != 0:
        return None
    if system_call(get_robust_list, 0, _ctypes.byref(head), _ctypes.byref(size)) != 0:
        return None
    # The kernel would write there in each child: only where the id is already.
    memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
    kept = os.pread(memory, 4, address.value)
    os.close(memory)
    if int.from_bytes(kept, sys.byteorder) != os.getpid():
        return None
    arguments = [Word(clone), Word(CLONE_PARENT | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD), Word(0), Word(0), Word(0), Word(0)]
    arguments[1 + place] = address

    def fork():
        before()
        child = system_call(*arguments)
        if child == 0:
            system_call(set_robust_list, head, size)
            in_child()
            return 0
        in_parent()
        if child < 0:
            raise RuntimeError("cannot fork")
        return child

    return fork


def holder_maker(library):
    """Return what makes a second process of a child's memory, its holder, which does nothing until it is killed.

    The kernel takes a process's memory apart before it tells of the end: 0.3 ms for an interpreter that printed a line,
    4 ms for one that has 64 MB. As long as there is a holder, it does not, and the holder's own end nobody waits for.
    It has the child's uid, and with it no more rights than whatever the program could fork; no signal reaches it but
    those that nobody can block, so that it returns from its system call only to die; and it holds none of the child's
    streams, since it is made before they come. Its parent is the agent.
    """
    # It is nobody's but the holder's, and never free again: on a busy machine the holder begins when the program runs already.
    stack = Call(_ctypes.dlsym(library, "malloc"))(Word(HOLDER_STACK_BYTES))
    if not stack:
        return None
    # It grows downwards, from where the ABIs want it aligned.
    top = Word((stack + HOLDER_STACK_BYTES) & ~15)
    clone, pause = _ctypes.dlsym(library, "clone"), Word(_ctypes.dlsym(library, "pause"))
    every_signal = _signal.valid_signals()
    lowest = os.sched_param(0)

    def make():
        """Return its process id, or 0 where there is none: the end takes longer then, and nothing else is different."""
        blocked = _signal.pthread_sigmask(_signal.SIG_BLOCK, every_signal)
        holder = _ctypes.call_function(clone, (pause, top, CLONE_VM | CLONE_PARENT | SIGCHLD, None))
        _signal.pthread_sigmask(_signal.SIG_SETMASK, blocked)
        if holder < 0:
            return 0
        try:
            # Its end, which is all that it ever does, yields to everything that somebody waits for.
            os.sched_setscheduler(holder, os.SCHED_IDLE, lowest)
        except OSError:
            pass  # Where that is not allowed it does not yield.
        return holder

    return make


def can_import(name):
    """Import a module, if it is there."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def plan_pages(rehearse, main_file, rehearsed):
    """Let a child rehearse; return the ranges of memory that a program writes to, or None in that child.

    The child goes on to a main file, as all children do, and stops where it would end. An interpreter's objects are spread over all of its memory, and a program writes to
    hundreds of pages for their reference counts alone, one that uses a large library to thousands. Each is copied
    then, at a cost that its program would see.
    """
    try:
        file = os.open(main_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except OSError:
        # Not a workspace of ours: pages are copied one by one.
        return []
    os.write(file, REHEARSAL.encode())
    os.close(file)
    come_read, come_write = os.pipe()
    go_read, go_write = os.pipe()
    told_read, told_write = os.pipe()
    # Looks at the child's memory in this one's place: whatever this process or that one writes to, the other of the two
    # still shares with the child, so that what only the child maps is what it has written to.
    witness = os.fork()
    if witness == 0:
        for descriptor in (come_write, go_read, told_read):
            os.close(descriptor)
        with open(told_write, "w") as told:
            told.writelines(f"{start} {end}\n" for start, end in watch_pages(come_read, go_write))
        os._exit(0)
    child = os.fork()
    if child == 0:
        for descriptor in (come_read, go_write, told_read, told_write):
            os.close(descriptor)
        nowhere = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.close(nowhere)

        def report():
            """Have the witness look."""
            os.write(come_write, b"%d" % os.getpid())
            os.read(go_read, 1)

        rehearsed.append(report)
        report()
        if rehearse is not None:
            rehearse()
        return None
    for descriptor in (come_read, come_write, go_read, go_write, told_write):
        os.close(descriptor)
    with open(told_read) as told:
        ranges = [tuple(map(int, line.split())) for line in told]
    os.waitpid(witness, 0)
    os.waitpid(child, 0)
    os.unlink(main_file)
    return [(Word(start), Word(end - start)) for start, end in ranges]


def watch_pages(come, go):
    """Return what the process that reports on `come` has written to between its first report and its second."""
    before = None
    while True:
        process = os.read(come, 16)
        if not process:
            # The rehearsal ended otherwise, which is no reason to do without those that wait.
            return []
        pages = set(written_pages(int(process)))
        if before is not None:
            return merge(sorted(pages - before))
        before = pages
        os.write(go, b"G")


def merge(pages):
    """Return as few ranges as need be that hold all of the pages."""
    ranges = []
    for page in pages:
        if ranges and page - ranges[-1][1] <= GAP_PAGES * PAGE_BYTES:
            ranges[-1][1] = page + PAGE_BYTES
        else:
            ranges.append([page, page + PAGE_BYTES])
    return ranges


def written_pages(process):
    """Return the pages of private memory that only this process maps, although it was forked."""
    pages = []
    with open(f"/proc/{process}/maps") as maps:
        areas = [line.split() for line in maps]
    with open(f"/proc/{process}/pagemap", "rb", buffering=0) as pagemap:
        for addresses, mode, *_ in areas:
            if mode != "rw-p":
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            entries = os.pread(
                pagemap.fileno(), (end - start) // PAGE_BYTES * PAGEMAP_ENTRY_BYTES, start // PAGE_BYTES * PAGEMAP_ENTRY_BYTES
            )
            words = memoryview(entries).cast("Q")
            pages.extend(start + number * PAGE_BYTES for number, entry in enumerate(words) if entry & PAGEMAP_EXCLUSIVE)
    return pages


def hide(*names):
    """Take modules out of the loaded ones that a plain start has not loaded: ours, and `names` unless the preloaded use them."""
    for name in OWN:
        sys.modules.pop(name, None)
    if "threading" not in sys.modules:
        for name in names:
            sys.modules.pop(name, None)


def passed_descriptors(ancillary):
    """Return the descriptors that came with a message."""
    ((_, _, packed),) = ancillary
    return memoryview(packed).cast("i").tolist()


def become_job(control, uid, nice, oom_score):
    """Do in this process what the agent does in one that it starts as a job; bounds are inherited."""
    os.setsid()
    try:
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(file, b"%d" % oom_score)
        os.close(file)
    except OSError:
        pass  # A kernel without the file is no reason not to run.
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    # It may have that number already: the parent's own streams are open, and its channel.
    if control != CONTROL:
        os.dup2(control, CONTROL, inheritable=False)
    os.closerange(CONTROL + 1, DESCRIPTORS_MAX)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def take_streams(ancillary_bytes):
    """Replace the parent's streams by the child's own."""
    control = _socket.socket(fileno=CONTROL)
    _, ancillary, _, _ = control.recvmsg(1, ancillary_bytes, _socket.MSG_CMSG_CLOEXEC)
    control.detach()
    for number, received in enumerate(passed_descriptors(ancillary)):
        os.dup2(received, number)
        os.close(received)


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


def plan_end(plain, leave, flush_all, rehearsed):
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
    watched = [namespace for namespace in namespaces if namespace["__name__"] in patched]
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
    states = [tuple(namespace.values()) for namespace in watched]
    gc.freeze()


def watch(kept, cage, function_type, end):
    """Have `end` called when CPython clears the first of the old modules."""
    for module in reversed(kept):
        for name, value in vars(module).items():
            if type(value) is function_type and value.__module__ == module.__name__ and sys.getrefcount(value) <= 4:
                cage.append(ref(value, end))
                return
