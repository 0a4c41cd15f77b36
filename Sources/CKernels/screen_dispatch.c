// Chooses the screen's kernels by instruction set.
#include "screen_kernels.h"

#define SK_DECLARE(set)                                                                                   \
  int screen_##set##_forward(const screen_step *, int32_t, int32_t, int32_t, double *const *);            \
  void screen_##set##_backward(const screen_step *, int32_t, int32_t, int32_t, double *const *, double *const *); \
  void screen_##set##_rows(const double *, const double *, int32_t, int32_t, double *, double *, double *);

SK_DECLARE(baseline)
SK_DECLARE(plain)
#if defined(__x86_64__)
SK_DECLARE(avx2)
SK_DECLARE(avx512)
#define SK_CHOOSE(call)                             \
  if (level == SCREEN_PLAIN) return screen_plain_##call;   \
  if (level == SCREEN_AVX512) return screen_avx512_##call; \
  if (level == SCREEN_AVX2) return screen_avx2_##call;     \
  return screen_baseline_##call;
#else
#define SK_CHOOSE(call)                             \
  if (level == SCREEN_PLAIN) return screen_plain_##call;   \
  return screen_baseline_##call;
#endif

int screen_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return SCREEN_AVX512;
  if (avx2) return SCREEN_AVX2;
#endif
  return SCREEN_BASELINE;
}

int screen_forward(int level, const screen_step *steps, int32_t count, int32_t tiles, int32_t classes,
                   double *const *values) {
  SK_CHOOSE(forward(steps, count, tiles, classes, values))
}

void screen_backward(int level, const screen_step *steps, int32_t count, int32_t tiles, int32_t classes,
                     double *const *values, double *const *gradients) {
  SK_CHOOSE(backward(steps, count, tiles, classes, values, gradients))
}

void screen_rows(int level, const double *entries, const double *mask, int32_t tiles, int32_t classes, double *own,
                 double *others, double *size) {
  SK_CHOOSE(rows(entries, mask, tiles, classes, own, others, size))
}
