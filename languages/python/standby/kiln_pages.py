"""Which memory a forked interpreter gets before its program runs, and which with a fault each: see kiln_forking.py."""

import os

import _ctypes
from kiln_native import Word

# madvise(2): map the pages of a range now, or copy them, which else reads and writes would have done one by one. Since Linux
# 5.14; elsewhere it is refused.
MADV_POPULATE_READ, MADV_POPULATE_WRITE = 22, 23
PAGE_BYTES = 4096
# How long a child waits until it takes the machine for calm, in milliseconds.
CALM_MS = 5
# Pages between two ranges that are copied with them, because a system call costs more.
GAP_PAGES = 1
# Smaller mappings of files are left to faults, each of which maps so much at once.
PASSED_ON_BYTES_MIN = 64 << 10
# /proc/PID/pagemap: eight bytes a page, these bits set where no other process maps it, and where it is mapped at all.
PAGEMAP_ENTRY_BYTES = 8
PAGEMAP_EXCLUSIVE, PAGEMAP_PRESENT = 1 << 56, 1 << 63

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


def pass_on_tables():
    """Have each fork copy what the page tables say of files mapped for reading, such as this interpreter's own code.

    Else the kernel leaves that to faults: eighty in a child that prints a line. It copies the tables of a mapping that
    has pages of its own, so one byte of each is written, as it was.
    """
    try:
        with open("/proc/self/maps") as maps:
            areas = [line.split() for line in maps]
        memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for addresses, mode, _, _, inode, *_ in areas:
            start, end = (int(address, 16) for address in addresses.split("-"))
            if mode in ("r-xp", "r--p") and inode != "0" and end - start >= PASSED_ON_BYTES_MIN:
                os.pwrite(memory, os.pread(memory, 1, start), start)
    except OSError:
        pass  # A kernel that guards memory that is not to be written.
    finally:
        os.close(memory)


def plan(library, rehearse, main_file, rehearsed):
    """Let a child rehearse; return the ranges of memory that a program writes to, or None in that child. What code it ran is mapped.

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
            for kind, ranges in zip("wr", watch_pages(come_read, go_write)):
                told.writelines(f"{kind} {start} {end}\n" for start, end in ranges)
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
        lines = [line.split() for line in told]
    ranges = {kind: [(int(start), int(end)) for found, start, end in lines if found == kind] for kind in "wr"}
    os.waitpid(witness, 0)
    os.waitpid(child, 0)
    os.unlink(main_file)
    # The tables that say so are passed on, see above.
    populate = _ctypes.dlsym(library, "madvise")
    for start, end in ranges["r"]:
        _ctypes.call_function(populate, (Word(start), Word(end - start), MADV_POPULATE_READ))
    return ranges["w"]


def copier(library, ranges, descriptor):
    """Return what copies, in a child, what its program will write to, unless `descriptor` has something to read soon: on a busy machine
    nobody would gain by it.
    """
    poll, populate = _ctypes.dlsym(library, "poll"), _ctypes.dlsym(library, "madvise")
    # A `struct pollfd`: the descriptor, and POLLIN.
    awaited = _ctypes.byref(Word(descriptor | 1 << 32))
    places = [(Word(start), Word(end - start)) for start, end in ranges]

    def copy():
        if places and _ctypes.call_function(poll, (awaited, 1, CALM_MS)) == 0:
            for start, size in places:
                _ctypes.call_function(populate, (start, size, MADV_POPULATE_WRITE))

    return copy


def watch_pages(come, go):
    """Return what the process that reports on `come` has written to at its second report, and what it has read of files, as ranges.

    What it wrote to before its first report counts as well: one that waits does not do quite the same until then, and to copy what it has
    copied already costs next to nothing.
    """
    for is_over in (False, True):
        process = os.read(come, 16)
        if not process:
            # The rehearsal ended otherwise, which is no reason to do without those that wait.
            return [], []
        if is_over:
            return tuple(merge(sorted(pages)) for pages in used_pages(int(process)))
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


def used_pages(process):
    """Return the pages of private memory that only this process maps, although it was forked, and those of files that it can only read."""
    written, read = [], []
    with open(f"/proc/{process}/maps") as maps:
        areas = [line.split() for line in maps]
    with open(f"/proc/{process}/pagemap", "rb", buffering=0) as pagemap:
        for addresses, mode, _, _, inode, *_ in areas:
            if mode == "rw-p":
                pages, bit = written, PAGEMAP_EXCLUSIVE
            elif mode in ("r-xp", "r--p") and inode != "0":
                pages, bit = read, PAGEMAP_PRESENT
            else:
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            entries = os.pread(
                pagemap.fileno(), (end - start) // PAGE_BYTES * PAGEMAP_ENTRY_BYTES, start // PAGE_BYTES * PAGEMAP_ENTRY_BYTES
            )
            words = memoryview(entries).cast("Q")
            pages.extend(start + number * PAGE_BYTES for number, entry in enumerate(words) if entry & bit)
    return written, read
