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
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "holder.h"

#define DESCRIPTOR_VARIABLE "KILN_STANDBY_FD"
#define FILE_VARIABLE "KILN_STANDBY_FILE"
// Names of libraries, each followed by first bytes and sizes in hexadecimal: what touched.c wrote when the image was built.
#define TOUCHED "/opt/kiln/rust/touched"
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

// Maps those pages of the compiler's code that a compile touches, which it would otherwise do with a fault for each few. Those of
// all of it would be three times as many, and all that is mapped has to be unmapped.
static void map_touched(void) {
    FILE *list = fopen(TOUCHED, "re");
    if (!list) return;
    char line[PATH_MAX];
    uintptr_t base = 0;
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        uintptr_t first;
        size_t bytes;
        if (line[0] == '/') {
            struct link_map *object = NULL;
            void *handle = dlopen(line, RTLD_NOLOAD | RTLD_LAZY);
            base = handle && !dlinfo(handle, RTLD_DI_LINKMAP, &object) ? object->l_addr : 0;
        } else if (base && sscanf(line, "%" SCNxPTR " %zx", &first, &bytes) == 2) {
            madvise((void *)(base + first), bytes, MADV_POPULATE_READ);
        }
    }
    fclose(list);
}

static void stand_by(int descriptor) {
    make_holder();
    map_touched();
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
