// Chooses the kernels by instruction set.
#include "formula_kernels.h"

#define FK_DECLARE(set)                                                                                    \
  void formula_##set##_forward(const formula_step *, int32_t, int32_t, int32_t, float *const *);           \
  void formula_##set##_backward(const formula_step *, int32_t, int32_t, int32_t, float *const *, float *const *);

FK_DECLARE(baseline)
#if defined(__x86_64__)
FK_DECLARE(avx2)
FK_DECLARE(avx512)
#endif

int formula_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return FORMULA_AVX512;
  if (avx2) return FORMULA_AVX2;
#endif
  return FORMULA_BASELINE;
}

void formula_forward(int level, const formula_step *steps, int32_t count, int32_t rows, int32_t classes,
                     float *const *values) {
#if defined(__x86_64__)
  if (level == FORMULA_AVX512) { formula_avx512_forward(steps, count, rows, classes, values); return; }
  if (level == FORMULA_AVX2) { formula_avx2_forward(steps, count, rows, classes, values); return; }
#endif
  (void)level;
  formula_baseline_forward(steps, count, rows, classes, values);
}

void formula_backward(int level, const formula_step *steps, int32_t count, int32_t rows, int32_t classes,
                      float *const *values, float *const *gradients) {
#if defined(__x86_64__)
  if (level == FORMULA_AVX512) { formula_avx512_backward(steps, count, rows, classes, values, gradients); return; }
  if (level == FORMULA_AVX2) { formula_avx2_backward(steps, count, rows, classes, values, gradients); return; }
#endif
  (void)level;
  formula_baseline_backward(steps, count, rows, classes, values, gradients);
}
