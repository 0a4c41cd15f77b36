// The screen's kernels for AVX-512.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2"), min_vector_width(512))), apply_to = function)
#define SK(name) screen_avx512_##name
#include "screen_body.h"
#pragma clang attribute pop
#endif
