// The screen's kernels for AVX2.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SK(name) screen_avx2_##name
#include "screen_body.h"
#pragma clang attribute pop
#endif
