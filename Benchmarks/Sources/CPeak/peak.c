#include "peak.h"

#include <stdint.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 20000, RUNS = 50 };

typedef float v16 __attribute__((vector_size(64)));
typedef float v8 __attribute__((vector_size(32)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Twelve independent sums hide the latency of each.
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float wide(float start, float factor) {
  v16 s0 = (v16){0} + start, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0,
      s11 = s0, f = (v16){0} + factor, g = s0;
  for (int64_t i = 0; i < ROUNDS; i++) {
#define STEP(s) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+v"(s) : "v"(f), "v"(g))
    STEP(s0); STEP(s1); STEP(s2); STEP(s3); STEP(s4); STEP(s5); STEP(s6); STEP(s7); STEP(s8); STEP(s9); STEP(s10); STEP(s11);
  }
  s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
  return s0[0];
}

__attribute__((target("avx2,fma"))) static float narrow(float start, float factor) {
  v8 s0 = (v8){0} + start, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0,
     s11 = s0, f = (v8){0} + factor, g = s0;
  for (int64_t i = 0; i < ROUNDS; i++) {
    STEP(s0); STEP(s1); STEP(s2); STEP(s3); STEP(s4); STEP(s5); STEP(s6); STEP(s7); STEP(s8); STEP(s9); STEP(s10); STEP(s11);
  }
  s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
  return s0[0];
}
#endif

static float plain(float start, float factor) {
  float s[CHAINS];
  for (int k = 0; k < CHAINS; k++) s[k] = start;
  for (int64_t i = 0; i < ROUNDS; i++)
    for (int k = 0; k < CHAINS; k++) s[k] = s[k] * factor + start;
  float sum = 0;
  for (int k = 0; k < CHAINS; k++) sum += s[k];
  return sum;
}

double peak_operations(void) {
  float (*run)(float, float) = plain;
  int lanes = 1;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) {
    run = wide;
    lanes = 16;
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    run = narrow;
    lanes = 8;
  }
#endif
  volatile float sink = 0;
  double best = 0;
  for (int k = 0; k < RUNS; k++) {
    double start = now();
    sink = run(1.0f, 0.5f);
    double rate = 2.0 * CHAINS * ROUNDS * lanes / (now() - start);
    if (rate > best) best = rate;
  }
  (void)sink;
  return best;
}
