// Counts what a thread asks of malloc and its relatives, for tests that prove that a call allocates nothing.
#ifndef ALLOCATION_COUNTING_H
#define ALLOCATION_COUNTING_H

#include <stdbool.h>

// Whether counting works here: with glibc, and without a sanitizer that has an allocator of its own.
bool allocation_counting_works(void);

// Allocations of this thread so far.
long allocation_count(void);

#endif
