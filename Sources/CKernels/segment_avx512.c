// The segmentation kernels for AVX-512.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#define SEG(name) segment_avx512_##name
#define FK_WIDTH 16
#define FK_AVX512
#define FK_FMA
#include "segment_body.h"
#pragma clang attribute pop
#endif
