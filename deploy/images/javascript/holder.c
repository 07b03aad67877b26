// Gives a Node.js that waits a holder of its memory as soon as this is loaded: see holder.h. Node finds no addon in it; it is
// linked so that it stays loaded all the same.

#define _GNU_SOURCE
#include "holder.h"

__attribute__((constructor)) static void begin(void) {
    make_holder();
}
