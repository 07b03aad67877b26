"""The process that forks the interpreters that wait. What memory they get is kiln_pages.py, how they end kiln_ending.py.

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

import gc
import os
import sys

import _ctypes
import _signal
import _socket
import kiln_ending
import kiln_pages
from kiln_native import Call, Word

OWN = ("kiln_forking", "kiln_ending", "kiln_inert", "kiln_native", "kiln_pages")
# prctl(2)'s PR_SET_DUMPABLE. A change of uid clears it, and then /proc/self belongs to root.
PR_SET_DUMPABLE = 4
REQUEST_BYTES_MAX = 64
STREAMS = 3
DESCRIPTOR_BYTES = 4
# The child's control stream, after its stdin, stdout and stderr.
CONTROL = STREAMS
# What a process may have open.
DESCRIPTORS_MAX = 1024
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
    fork_brother = brother_forker(library)
    make_holder = None if fork_brother is None else holder_maker(library)
    hide("_ctypes", "_socket", "gc", "atexit")
    kiln_pages.pass_on_tables()
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a preloaded module has started a thread; a forked child would miss it")
    os.umask(0o022)
    rehearsed = []
    kiln_ending.plan(plain, _ctypes.dlsym(library, "exit"), _ctypes.dlsym(library, "fflush"), rehearsed)
    written = kiln_pages.plan(library, rehearse, main_file, rehearsed)
    # Nothing that is here now is looked at by a collection of a child's, nor copied for its sake.
    gc.freeze()
    renew_main()
    if written is None:
        return None
    make_pages_own = kiln_pages.copier(library, written, CONTROL)
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


