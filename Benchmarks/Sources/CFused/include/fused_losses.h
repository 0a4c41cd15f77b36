// The two losses of CSE-Autoloss-B by hand: value and gradient in one pass. The yardstick for compiled formulas.
//
// Each is the formula as written, with every eps and every rounding step of its Float meaning that matters (1 - Sig(X)
// is 0 from about X = 17 here too); nothing is skipped because of what the inputs usually are. Within that, all is
// allowed: shared parts once, ranges that follow from the formula, reciprocals instead of divisions.
#ifndef FUSED_LOSSES_H
#define FUSED_LOSSES_H

#include <stdint.h>

// The instruction sets, the plainest first.
enum fused_level { FUSED_PORTABLE = 0, FUSED_AVX2 = 1, FUSED_AVX512 = 2 };

// The best level this processor has.
int fused_best_level(void);

// Classification (BINARY_CLS), `count` elements: inputs X, Q, NY; writes the value and its derivative by X.
// With `gradient` null, the value alone. With `streaming` not 0, the results bypass the caches where the instruction set
// has whole-line stores; they must then start at a multiple of 64 bytes.
void fused_classification(int level, int streaming, int64_t count, const float *x, const float *q, const float *ny,
                          float *value, float *gradient);

// Regression (REG), `count` boxes: inputs U, I, E; writes the value and its derivatives by U, I and E.
// With `du` null, the value alone. `streaming` as above.
void fused_regression(int level, int streaming, int64_t count, const float *u, const float *i, const float *e,
                      float *value, float *du, float *di, float *de);

#endif
