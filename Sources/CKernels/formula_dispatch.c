// Chooses the machine by instruction set.
#include "formula_kernels.h"

#define FK_DECLARE(set)                                                                                      \
  int64_t formula_##set##_room(const formula_program *, int64_t, int64_t);                                   \
  void formula_##set##_run(const formula_program *, int64_t, int64_t, const float *, float *, float **,      \
                           double *);

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

int64_t formula_table(const formula_program *p) {
  return p->constants + p->fixed + p->row_inputs + p->row_outputs + p->inputs + p->outputs + p->kept;
}

int64_t formula_room(int level, const formula_program *p, int64_t rows, int64_t classes) {
#if defined(__x86_64__)
  if (level == FORMULA_AVX512) return formula_avx512_room(p, rows, classes);
  if (level == FORMULA_AVX2) return formula_avx2_room(p, rows, classes);
#endif
  (void)level;
  return formula_baseline_room(p, rows, classes);
}

void formula_run(int level, const formula_program *p, int64_t rows, int64_t classes, const float *constants,
                 float *room, float **table, double *sums) {
#if defined(__x86_64__)
  if (level == FORMULA_AVX512) {
    formula_avx512_run(p, rows, classes, constants, room, table, sums);
    return;
  }
  if (level == FORMULA_AVX2) {
    formula_avx2_run(p, rows, classes, constants, room, table, sums);
    return;
  }
#endif
  (void)level;
  formula_baseline_run(p, rows, classes, constants, room, table, sums);
}
