// The kernels for AVX-512.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#define FK(name) formula_avx512_##name
#include "formula_body.h"
#pragma clang attribute pop
#endif
