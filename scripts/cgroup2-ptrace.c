// Preloaded into User-Mode Linux by scripts/cgroup2.sh: makes its ptrace(2) work on processors whose vector state is larger than
// the 2,696 bytes that Linux 6.1 keeps for it (those with AMX). The host takes such a state whole or not at all (EFAULT), so what the
// kernel's buffer does not hold is filled up from the process itself. It never touches any other call.
//
// All but the tiles of AMX is in the kernel's own part, and no process has tiles that did not ask the host for them by arch_prctl(2),
// which the guest's processes cannot.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif
enum { STATE_BYTES_MAX = 64 * 1024 };

// User-Mode Linux has one thread that traces.
static char whole[STATE_BYTES_MAX] __attribute__((aligned(64)));

static long call(long request, long pid, void *address, void *data) {
    // The two requests used here and those passed on whole return no data by value, but for PEEK: the kernel writes that to `data`.
    return syscall(SYS_ptrace, request, pid, address, data);
}

long ptrace(enum __ptrace_request request, ...) {
    va_list list;
    va_start(list, request);
    long pid = va_arg(list, int);
    void *address = va_arg(list, void *);
    void *data = va_arg(list, void *);
    va_end(list);

    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        long word = 0;
        if (call(request, pid, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    }
    if (request != PTRACE_SETREGSET || (unsigned long)address != NT_X86_XSTATE)
        return call(request, pid, address, data);

    const struct iovec *part = data;
    struct iovec all = {whole, sizeof whole};
    if (call(PTRACE_GETREGSET, pid, address, &all) < 0)
        return -1;
    if (part->iov_len < all.iov_len) {
        memcpy(whole, part->iov_base, part->iov_len);
        return call(request, pid, address, &all);
    }
    return call(request, pid, address, data);
}
