// Chooses the loops by instruction set.
#include "fused_losses.h"

#define FUSED_DECLARE(set)                                                                                         \
  void fused_##set##_classification(int64_t, const float *, const float *, const float *, float *, float *, int);  \
  void fused_##set##_regression(int64_t, const float *, const float *, const float *, float *, float *, float *, float *,  \
                              int);

FUSED_DECLARE(portable)
#if defined(__x86_64__)
FUSED_DECLARE(avx2)
FUSED_DECLARE(avx512)
#endif

int fused_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return FUSED_AVX512;
  if (avx2) return FUSED_AVX2;
#endif
  return FUSED_PORTABLE;
}

void fused_classification(int level, int streaming, int64_t count, const float *x, const float *q, const float *ny,
                          float *value, float *gradient) {
#if defined(__x86_64__)
  if (level == FUSED_AVX512) { fused_avx512_classification(count, x, q, ny, value, gradient, streaming); return; }
  if (level == FUSED_AVX2) { fused_avx2_classification(count, x, q, ny, value, gradient, streaming); return; }
#endif
  (void)level;
  fused_portable_classification(count, x, q, ny, value, gradient, streaming);
}

void fused_regression(int level, int streaming, int64_t count, const float *u, const float *i, const float *e,
                      float *value, float *du, float *di, float *de) {
#if defined(__x86_64__)
  if (level == FUSED_AVX512) { fused_avx512_regression(count, u, i, e, value, du, di, de, streaming); return; }
  if (level == FUSED_AVX2) { fused_avx2_regression(count, u, i, e, value, du, di, de, streaming); return; }
#endif
  (void)level;
  fused_portable_regression(count, u, i, e, value, du, di, de, streaming);
}
