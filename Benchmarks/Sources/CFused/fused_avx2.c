// The loops for AVX2 with fused multiply-add: 8 numbers a vector.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#pragma STDC FP_CONTRACT ON
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FUSED(name) fused_avx2_##name
#define FUSED_WIDTH 8
#define FUSED_STREAMS 0  // half-line streaming stores are slower than plain ones
typedef float vf __attribute__((ext_vector_type(FUSED_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(FUSED_WIDTH)));
#include "fused_bits.h"
#include "fused_body.h"
#pragma clang attribute pop
#endif
