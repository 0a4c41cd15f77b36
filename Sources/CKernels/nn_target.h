// How the kernels of the neural networks are compiled: one version for each instruction set, chosen when the
// program is loaded; vectors of 16 floats that the compiler maps to what there is.
#ifndef NN_TARGET_H
#define NN_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define NN_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NN_KERNEL
#endif
// Inner parts take constant flags and become one loop for each combination.
#define NN_INLINE static inline __attribute__((always_inline))

// 16 floats at any address.
typedef float nn_v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t nn_i16 __attribute__((vector_size(64), aligned(4), may_alias));
#define NN_AT(pointer) (*(nn_v16 *)(pointer))
#define NN_FROM(pointer) (*(const nn_v16 *)(pointer))
// The lanes of v where test is above 0, else 0.
#define NN_WHERE_POSITIVE(test, v) ((nn_v16)((nn_i16)(v) & ((test) > 0.0f)))

#endif
