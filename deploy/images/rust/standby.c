// Holds a started rustc until its source arrives.
//
// Kiln's agent starts the plain compile command with this library in LD_PRELOAD, before the main file exists. rustc
// loads its libraries, 250 MB of them, sets itself up and opens its main file, the one that KILN_STANDBY_FILE names.
// There it waits on the socket whose number is in KILN_STANDBY_FD. Once released it goes on, as if it had been
// started then: it has read nothing that a program could have written, and what it starts, such as the linker, does
// not see this library. A process that does not open that file, such as the shell around rustc, does not wait.
//
// Conversation: this side writes "R"; the other side writes a 4-byte little-endian length and that many bytes, which
// hold arguments and environment. They are those that rustc has: requests with variables of their own get another one.
// An end of stream before that is complete ends the process with status 0, anything else that goes wrong with
// EX_SOFTWARE, so that nothing is compiled half prepared.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "holder.h"

#define DESCRIPTOR_VARIABLE "KILN_STANDBY_FD"
#define FILE_VARIABLE "KILN_STANDBY_FILE"
// The compiler itself; of the rest a small program needs little.
#define LIBRARY "/librustc_driver-"
// Since Linux 5.14; elsewhere it is refused.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

typedef int (*Open)(const char *, int, ...);

static void read_exactly(int descriptor, void *into, size_t size) {
    for (size_t filled = 0; filled < size;) {
        ssize_t count = read(descriptor, (char *)into + filled, size - filled);
        if (count == 0) _exit(0);
        if (count < 0 && errno != EINTR) _exit(EX_SOFTWARE);
        if (count > 0) filled += (size_t)count;
    }
}

// Maps the pages of the compiler's code now that it would otherwise touch one by one.
static int map_code(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size, (void)unused;
    if (!strstr(object->dlpi_name, LIBRARY)) return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        uintptr_t first = start & ~(page - 1);
        madvise((void *)first, start + segment->p_memsz - first, MADV_POPULATE_READ);
    }
    return 1;
}

static void stand_by(int descriptor) {
    make_holder();
    dl_iterate_phdr(map_code, NULL);
    if (write(descriptor, "R", 1) != 1) _exit(0);
    unsigned char size_bytes[4];
    read_exactly(descriptor, size_bytes, sizeof size_bytes);
    size_t size = size_bytes[0] | (size_t)size_bytes[1] << 8 | (size_t)size_bytes[2] << 16 | (size_t)size_bytes[3] << 24;
    char *message = malloc(size);
    if (!message) _exit(EX_SOFTWARE);
    read_exactly(descriptor, message, size);
    free(message);
    close(descriptor);
}

// In the place of the C library's.
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    const char *descriptor = getenv(DESCRIPTOR_VARIABLE);
    const char *file = getenv(FILE_VARIABLE);
    if (descriptor && file && !strcmp(path, file)) {
        int number = atoi(descriptor);
        unsetenv(DESCRIPTOR_VARIABLE);
        unsetenv(FILE_VARIABLE);
        unsetenv("LD_PRELOAD");
        stand_by(number);
    }
    Open real;
    *(void **)&real = dlsym(RTLD_NEXT, "open64");
    if (!real) _exit(EX_SOFTWARE);
    return real(path, flags, mode);
}
