// The loops for AVX-512: 16 numbers a vector.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#pragma STDC FP_CONTRACT ON
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#define FUSED(name) fused_avx512_##name
#define FUSED_WIDTH 16
#define FUSED_STREAMS 1
typedef float vf __attribute__((ext_vector_type(FUSED_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(FUSED_WIDTH)));

// 14 bits and one Newton step.
static inline vf vector_reciprocal(vf d) {
  vf y = _mm512_rcp14_ps(d);
  return y + y * (1.0f - d * y);
}

static inline vf vector_scale(vf y, vf shifted, vf n) {
  (void)shifted;
  return _mm512_scalef_ps(y, n);
}

// x = m 2^e with m in [0.75, 1.5).
static inline void vector_split(vf x, vf *m, vf *e) {
  *m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
  *e = _mm512_getexp_ps(x * 1.33333333f);
}

#include "fused_body.h"
#pragma clang attribute pop
#endif
