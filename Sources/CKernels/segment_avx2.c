// The segmentation kernels for AVX2 with fused multiply-add.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SEG(name) segment_avx2_##name
#define FK_WIDTH 8
#define FK_AVX2
#define FK_FMA
#include "segment_body.h"
#pragma clang attribute pop
#endif
