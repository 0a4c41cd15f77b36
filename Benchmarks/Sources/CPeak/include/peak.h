#ifndef PEAK_H
#define PEAK_H

// Multiplications and additions a second that one core reaches with fused multiply-adds of floats in registers, in the
// widest vectors it has; the best of several runs.
double peak_operations(void);

#endif
