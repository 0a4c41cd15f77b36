// The kernels for AVX2 with fused multiply-add.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FK(name) formula_avx2_##name
#include "formula_body.h"
#pragma clang attribute pop
#endif
