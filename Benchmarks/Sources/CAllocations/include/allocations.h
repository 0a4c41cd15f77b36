// Counts what the program asks of the C allocator, where the C library lets it (glibc).
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stdint.h>

// The number of calls of malloc, calloc, realloc and the aligned forms by this thread so far; -1 where they cannot be seen.
int64_t allocations_count(void);

#endif
