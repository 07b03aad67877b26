// A second process of this one's memory, its holder, which does nothing until it is killed.
//
// The kernel takes a process's memory apart before it tells the parent of its end: 4 ms for 64 MB. As long as there is
// a holder, it does not, and for the holder's own end nobody waits: Kiln's agent kills it with the program.
//
// It has this process's user, and with it no more rights than whatever the program could fork. No signal reaches it but
// those that nobody can block, so that it returns from its last system call only to die. Until it is there it needs this
// code and its stack, so the library must stay loaded. It holds no descriptor. Its parent is this one's.

#ifndef _GNU_SOURCE
#error "holder.h needs _GNU_SOURCE"
#endif

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOLDER_STACK_BYTES 4096

static int hold(void *unused) {
    (void)unused;
    prctl(PR_SET_NAME, "holder", 0, 0, 0);
    // Where the kernel cannot, the streams would not end with the program: better none.
    if (syscall(SYS_close_range, 0u, ~0u, 0u)) return 0;
    // Its end, which is all that it ever does, yields to everything that somebody waits for.
    struct sched_param lowest = {0};
    syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &lowest);
    // Not pause(), which may tell the C library, whose memory is shared, that the thread can be cancelled.
    for (;;) syscall(SYS_ppoll, NULL, 0ul, NULL, NULL, 0ul);
}

// Without one the end takes longer, and nothing else is different.
static void make_holder(void) {
    static _Alignas(16) char stack[HOLDER_STACK_BYTES];
    int before = errno;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return;
    sigset_t every, blocked;
    sigfillset(&every);
    sigprocmask(SIG_BLOCK, &every, &blocked);
    clone(hold, stack + sizeof stack, CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    close(ends[1]);
    // Ends when the holder has closed its own.
    char byte;
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
    close(ends[0]);
    errno = before;
}
