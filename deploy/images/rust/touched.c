// Writes down which pages of the compiler's code a compile touches: standby.c maps them before there is a source.
//
// With this library in LD_PRELOAD a rustc does so at its end, into the file that KILN_TOUCHED names. It is used when the
// image is built, and is not in it. The kernel maps a page's neighbours with it, and they count too.

#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The compiler itself and LLVM; the rest is small.
static const char *const LIBRARIES[] = {"/librustc_driver-", "/libLLVM"};
// Pages between two ranges that are taken for touched, because a system call costs more.
#define GAP_PAGES 4
// /proc/PID/pagemap: eight bytes a page, this bit set where it is mapped.
#define PRESENT (UINT64_C(1) << 63)

// What is written to, once there is something to write, and where the kernel tells what is mapped.
struct list {
    const char *path;
    FILE *file;
    int pagemap;
};

static int is_wanted(const char *name) {
    for (size_t index = 0; index < sizeof LIBRARIES / sizeof *LIBRARIES; index++) {
        if (strstr(name, LIBRARIES[index])) return 1;
    }
    return 0;
}

static int is_mapped(int pagemap, uintptr_t address, uintptr_t page) {
    uint64_t entry = 0;
    off_t place = (off_t)(address / page * sizeof entry);
    return pread(pagemap, &entry, sizeof entry, place) == sizeof entry && entry & PRESENT;
}

static int write_touched(struct dl_phdr_info *object, size_t size, void *into) {
    (void)size;
    struct list *list = into;
    if (!is_wanted(object->dlpi_name)) return 0;
    if (!list->file && !(list->file = fopen(list->path, "we"))) return 1;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    fprintf(list->file, "%s\n", object->dlpi_name);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t end = segment->p_vaddr + segment->p_memsz;
        uintptr_t first = 0, last = 0;
        for (uintptr_t at = segment->p_vaddr & ~(page - 1); at < end; at += page) {
            if (!is_mapped(list->pagemap, object->dlpi_addr + at, page)) continue;
            if (last && at - last > GAP_PAGES * page) {
                fprintf(list->file, "%" PRIxPTR " %" PRIxPTR "\n", first, last - first);
                last = 0;
            }
            if (!last) first = at;
            last = at + page;
        }
        if (last) fprintf(list->file, "%" PRIxPTR " %" PRIxPTR "\n", first, last - first);
    }
    return 0;
}

__attribute__((destructor)) static void write_all(void) {
    struct list list = {.path = getenv("KILN_TOUCHED")};
    if (!list.path) return;
    list.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (list.pagemap < 0) return;
    dl_iterate_phdr(write_touched, &list);
    if (list.file) fclose(list.file);
    close(list.pagemap);
}
