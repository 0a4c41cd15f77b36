// The kernels of one instruction set; included by formula_baseline.c, formula_avx2.c and formula_avx512.c, which
// define FK(name). Values are row-major; every loop runs over contiguous numbers.
#include <math.h>
#include <stdbool.h>

#include "formula_elementary.h"
#include "formula_kernels.h"

// A product is rounded before it is added, so that sums cancel as they do step by step.
#pragma clang fp contract(off)

#define FK_EPS 1e-20f
#define FK_EXP_LIMIT 88.0f

// ---- Operations of one argument ----

#define FK_MAP(expression)             \
  for (int32_t i = 0; i < n; i++) {    \
    float x = a[i];                    \
    out[i] = (expression);             \
  }                                    \
  break

// sin(x + turns quarter turns): sine (0), cosine (1), minus sine (2). Huge arguments go to libm.
static void FK(circle)(int32_t n, const float *restrict a, float *restrict out, uint32_t turns) {
  bool small = true;
  for (int32_t i = 0; i < n; i++) small &= !(__builtin_fabsf(a[i]) > FK_CIRCLE_LIMIT);
  if (small) {
    for (int32_t i = 0; i < n; i++) out[i] = fk_circle(a[i], turns);
  } else {
    for (int32_t i = 0; i < n; i++) out[i] = turns == 0 ? sinf(a[i]) : turns == 1 ? cosf(a[i]) : -sinf(a[i]);
  }
}

// Softmax over the classes of each row, the row's maximum subtracted.
static void FK(softmax)(int32_t rows, int32_t classes, const float *restrict a, float *restrict out) {
  for (int32_t row = 0; row < rows; row++) {
    const float *x = a + (int64_t)row * classes;
    float *y = out + (int64_t)row * classes;
    float top = x[0];
    for (int32_t j = 1; j < classes; j++) top = x[j] > top ? x[j] : top;
    for (int32_t j = 0; j < classes; j++) y[j] = x[j] - top;
  }
  int32_t n = rows * classes;
  for (int32_t i = 0; i < n; i++) out[i] = fk_exp(out[i]);
  for (int32_t row = 0; row < rows; row++) {
    float *y = out + (int64_t)row * classes;
    float sum = 0;
    for (int32_t j = 0; j < classes; j++) sum += y[j];
    for (int32_t j = 0; j < classes; j++) y[j] = y[j] / sum;
  }
}

static void FK(unary)(int32_t op, int32_t n, const float *restrict a, float *restrict out) {
  switch (op) {
    case FORMULA_NEG: FK_MAP(-x);
    case FORMULA_EXP: FK_MAP(fk_exp(x > FK_EXP_LIMIT ? FK_EXP_LIMIT : x));
    case FORMULA_LOG: FK_MAP(fk_log(x + FK_EPS));
    case FORMULA_ABS: FK_MAP(__builtin_fabsf(x));
    case FORMULA_SQRT: FK_MAP(__builtin_elementwise_sqrt(x));
    case FORMULA_SOFTPLUS: FK_MAP(fk_softplus(x));
    case FORMULA_SIG: FK_MAP(fk_sig(x));
    case FORMULA_SGDF: FK_MAP(fk_sgdf(x));
    case FORMULA_SALF: FK_MAP(fk_salf(x));
    case FORMULA_SERF: FK_MAP(fk_serf(x));
    case FORMULA_TANH: FK_MAP(fk_tanh(x));
    case FORMULA_RELU: FK_MAP(x < 0.0f ? 0.0f : x);
    case FORMULA_SIN: FK(circle)(n, a, out, 0); break;
    case FORMULA_COS: FK(circle)(n, a, out, 1); break;
    default: break;
  }
}

// The gradient of the argument from x, the result r and the gradient g of the result.
#define FK_PULL(expression)                                   \
  if (first) {                                                \
    for (int32_t i = 0; i < n; i++) {                         \
      float x = a[i], r = value[i], g = gradient[i];          \
      (void)x, (void)r;                                       \
      out[i] = (expression);                                  \
    }                                                         \
  } else {                                                    \
    for (int32_t i = 0; i < n; i++) {                         \
      float x = a[i], r = value[i], g = gradient[i];          \
      (void)x, (void)r;                                       \
      out[i] += (expression);                                 \
    }                                                         \
  }                                                           \
  break

static void FK(circle_pull)(int32_t n, const float *restrict a, const float *restrict gradient, bool first,
                            float *restrict out, uint32_t turns) {
  float slope[256];
  for (int32_t start = 0; start < n; start += 256) {
    int32_t count = n - start < 256 ? n - start : 256;
    FK(circle)(count, a + start, slope, turns);
    const float *g = gradient + start;
    float *y = out + start;
    if (first) {
      for (int32_t i = 0; i < count; i++) y[i] = g[i] * slope[i];
    } else {
      for (int32_t i = 0; i < count; i++) y[i] += g[i] * slope[i];
    }
  }
}

static void FK(softmax_pull)(int32_t rows, int32_t classes, const float *restrict value,
                             const float *restrict gradient, bool first, float *restrict out) {
  for (int32_t row = 0; row < rows; row++) {
    const float *r = value + (int64_t)row * classes, *g = gradient + (int64_t)row * classes;
    float *y = out + (int64_t)row * classes;
    float sum = 0;
    for (int32_t j = 0; j < classes; j++) sum += g[j] * r[j];
    if (first) {
      for (int32_t j = 0; j < classes; j++) y[j] = r[j] * (g[j] - sum);
    } else {
      for (int32_t j = 0; j < classes; j++) y[j] += r[j] * (g[j] - sum);
    }
  }
}

static void FK(unary_pull)(int32_t op, int32_t n, const float *restrict a, const float *restrict value,
                           const float *restrict gradient, bool first, float *restrict out) {
  switch (op) {
    case FORMULA_NEG: FK_PULL(-g);
    case FORMULA_EXP: FK_PULL(x < FK_EXP_LIMIT ? g * r : 0.0f);
    case FORMULA_LOG: FK_PULL(g / (x + FK_EPS));
    case FORMULA_ABS: FK_PULL(g * (x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f));
    case FORMULA_SQRT: FK_PULL(g / (2.0f * r));
    case FORMULA_SOFTPLUS: FK_PULL(x > 20.0f ? g : g * fk_sig(x));
    case FORMULA_SIG: FK_PULL(g * (r * (1.0f - r)));
    case FORMULA_SGDF: FK_PULL(g * fk_sgdf_slope(x));
    case FORMULA_SALF: FK_PULL(g * fk_salf_slope(x));
    case FORMULA_SERF: FK_PULL(g * fk_serf_slope(x));
    case FORMULA_TANH: FK_PULL(g * (1.0f - r * r));
    case FORMULA_RELU: FK_PULL(r <= 0.0f ? 0.0f : g);
    case FORMULA_SIN: FK(circle_pull)(n, a, gradient, first, out, 1); break;
    case FORMULA_COS:
      // The slope of the cosine is the sine half a turn on: sin(x + pi) = -sin(x).
      FK(circle_pull)(n, a, gradient, first, out, 2);
      break;
    default: break;
  }
}

// ---- Operations of two arguments: each of them a vector, or one number (at most one of the two) ----

#define FK_JOIN(expression)                                                                   \
  if (!a_one && !b_one) {                                                                     \
    for (int32_t i = 0; i < n; i++) { float x = a[i], y = b[i]; out[i] = (expression); }      \
  } else if (b_one) {                                                                         \
    float y = b[0];                                                                           \
    for (int32_t i = 0; i < n; i++) { float x = a[i]; out[i] = (expression); }                \
  } else {                                                                                    \
    float x = a[0];                                                                           \
    for (int32_t i = 0; i < n; i++) { float y = b[i]; out[i] = (expression); }                \
  }                                                                                           \
  break

static void FK(binary)(int32_t op, int32_t n, const float *restrict a, bool a_one, const float *restrict b, bool b_one,
                       float *restrict out) {
  switch (op) {
    case FORMULA_ADD: FK_JOIN(x + y);
    case FORMULA_SUB: FK_JOIN(x - y);
    case FORMULA_MUL: FK_JOIN(x * y);
    case FORMULA_DIV: FK_JOIN(x / (y + FK_EPS));
    default: break;
  }
}

// The gradient of one argument from x, y and the gradient g; summed in double where the argument is one number.
#define FK_SPLIT(expression)                                                                                    \
  if (to_one) {                                                                                                 \
    double sum = 0;                                                                                             \
    for (int32_t i = 0; i < n; i++) {                                                                           \
      float x = a_one ? a[0] : a[i], y = b_one ? b[0] : b[i], g = gradient[i];                                  \
      (void)x, (void)y;                                                                                         \
      sum += (expression);                                                                                      \
    }                                                                                                           \
    out[0] = first ? (float)sum : out[0] + (float)sum;                                                          \
  } else if (a_one) {                                                                                           \
    float x = a[0];                                                                                             \
    (void)x;                                                                                                    \
    if (first) for (int32_t i = 0; i < n; i++) { float y = b[i], g = gradient[i]; (void)y; out[i] = (expression); }   \
    else for (int32_t i = 0; i < n; i++) { float y = b[i], g = gradient[i]; (void)y; out[i] += (expression); }        \
  } else if (b_one) {                                                                                           \
    float y = b[0];                                                                                             \
    (void)y;                                                                                                    \
    if (first) for (int32_t i = 0; i < n; i++) { float x = a[i], g = gradient[i]; (void)x; out[i] = (expression); }   \
    else for (int32_t i = 0; i < n; i++) { float x = a[i], g = gradient[i]; (void)x; out[i] += (expression); }        \
  } else if (first) {                                                                                           \
    for (int32_t i = 0; i < n; i++) { float x = a[i], y = b[i], g = gradient[i]; (void)x, (void)y; out[i] = (expression); } \
  } else {                                                                                                      \
    for (int32_t i = 0; i < n; i++) { float x = a[i], y = b[i], g = gradient[i]; (void)x, (void)y; out[i] += (expression); } \
  }                                                                                                             \
  break

static void FK(binary_pull_a)(int32_t op, int32_t n, const float *restrict a, bool a_one, const float *restrict b,
                              bool b_one, const float *restrict gradient, bool first, bool to_one,
                              float *restrict out) {
  switch (op) {
    case FORMULA_ADD: FK_SPLIT(g);
    case FORMULA_SUB: FK_SPLIT(g);
    case FORMULA_MUL: FK_SPLIT(g * y);
    case FORMULA_DIV: FK_SPLIT(g / (y + FK_EPS));
    default: break;
  }
}

static void FK(binary_pull_b)(int32_t op, int32_t n, const float *restrict a, bool a_one, const float *restrict b,
                              bool b_one, const float *restrict gradient, bool first, bool to_one,
                              float *restrict out) {
  switch (op) {
    case FORMULA_ADD: FK_SPLIT(g);
    case FORMULA_SUB: FK_SPLIT(-g);
    case FORMULA_MUL: FK_SPLIT(g * x);
    case FORMULA_DIV: FK_SPLIT(-g * ((x / (y + FK_EPS)) / (y + FK_EPS)));
    default: break;
  }
}

// ---- Dot: the product summed over the last axis of the joined operands ----

static void FK(dot)(int32_t extent, int32_t rows, int32_t classes, const float *restrict a, bool a_one,
                    const float *restrict b, bool b_one, float *restrict out) {
  if (extent != FORMULA_ELEMENTS) {
    int32_t n = extent == FORMULA_ROWS ? rows : 1;
    double sum = 0;
    for (int32_t i = 0; i < n; i++) sum += (a_one ? a[0] : a[i]) * (b_one ? b[0] : b[i]);
    out[0] = (float)sum;
    return;
  }
  for (int32_t row = 0; row < rows; row++) {
    int64_t start = (int64_t)row * classes;
    float sum = 0;
    if (a_one || b_one) {
      const float *x = a_one ? b + start : a + start;
      float factor = a_one ? a[0] : b[0];
      for (int32_t j = 0; j < classes; j++) sum += x[j] * factor;
    } else {
      for (int32_t j = 0; j < classes; j++) sum += a[start + j] * b[start + j];
    }
    out[row] = sum;
  }
}

// The gradient of one operand of Dot; `other` is the other one.
static void FK(dot_pull)(int32_t extent, int32_t rows, int32_t classes, const float *restrict other, bool other_one,
                         const float *restrict gradient, bool first, bool to_one, float *restrict out) {
  int32_t columns = extent == FORMULA_ELEMENTS ? classes : 1;
  if (extent == FORMULA_ONE) rows = 1;
  double total = 0;
  for (int32_t row = 0; row < rows; row++) {
    int64_t start = (int64_t)row * columns;
    float g = extent == FORMULA_ELEMENTS ? gradient[row] : gradient[0];
    if (to_one) {
      for (int32_t j = 0; j < columns; j++) total += g * (other_one ? other[0] : other[start + j]);
    } else if (other_one) {
      float add = g * other[0];
      for (int32_t j = 0; j < columns; j++) out[start + j] = first ? add : out[start + j] + add;
    } else if (first) {
      for (int32_t j = 0; j < columns; j++) out[start + j] = g * other[start + j];
    } else {
      for (int32_t j = 0; j < columns; j++) out[start + j] += g * other[start + j];
    }
  }
  if (to_one) out[0] = first ? (float)total : out[0] + (float)total;
}

// ---- A whole program over one block ----

static inline int32_t FK(length)(int32_t extent, int32_t rows, int32_t classes) {
  return extent == FORMULA_ONE ? 1 : extent == FORMULA_ROWS ? rows : rows * classes;
}

void FK(forward)(const formula_step *steps, int32_t count, int32_t rows, int32_t classes, float *const *values) {
  for (int32_t k = 0; k < count; k++) {
    const formula_step *s = steps + k;
    int32_t n = FK(length)(s->extent, rows, classes);
    // One number beside one number is a vector of length one.
    bool a_one = s->a_extent == FORMULA_ONE && s->extent != FORMULA_ONE;
    bool b_one = s->b_extent == FORMULA_ONE && s->extent != FORMULA_ONE;
    const float *a = values[s->a], *b = values[s->b];
    float *out = values[s->out];
    if (s->op == FORMULA_LEAF) continue;
    if (s->op == FORMULA_DOT) FK(dot)(s->extent, rows, classes, a, a_one, b, b_one, out);
    else if (s->op == FORMULA_SOFTMAX) FK(softmax)(rows, classes, a, out);
    else if (s->op >= FORMULA_ADD) FK(binary)(s->op, n, a, a_one, b, b_one, out);
    else FK(unary)(s->op, n, a, out);
  }
}

void FK(backward)(const formula_step *steps, int32_t count, int32_t rows, int32_t classes, float *const *values,
                  float *const *gradients) {
  for (int32_t k = count - 1; k >= 0; k--) {
    const formula_step *s = steps + k;
    const float *gradient = gradients[s->out];
    if (s->op == FORMULA_LEAF || !gradient) continue;
    int32_t n = FK(length)(s->extent, rows, classes);
    bool a_one = s->a_extent == FORMULA_ONE && s->extent != FORMULA_ONE;
    bool b_one = s->b_extent == FORMULA_ONE && s->extent != FORMULA_ONE;
    const float *a = values[s->a], *b = values[s->b], *value = values[s->out];
    float *to_a = gradients[s->a];
    if (s->op < FORMULA_ADD) {
      if (!to_a) continue;
      if (s->op == FORMULA_SOFTMAX) FK(softmax_pull)(rows, classes, value, gradient, s->a_first, to_a);
      else FK(unary_pull)(s->op, n, a, value, gradient, s->a_first, to_a);
      continue;
    }
    float *to_b = gradients[s->b];
    if (s->op == FORMULA_DOT) {
      if (to_a) FK(dot_pull)(s->extent, rows, classes, b, b_one, gradient, s->a_first, a_one, to_a);
      if (to_b) FK(dot_pull)(s->extent, rows, classes, a, a_one, gradient, s->b_first, b_one, to_b);
    } else {
      if (to_a) FK(binary_pull_a)(s->op, n, a, a_one, b, b_one, gradient, s->a_first, a_one, to_a);
      if (to_b) FK(binary_pull_b)(s->op, n, a, a_one, b, b_one, gradient, s->b_first, b_one, to_b);
    }
  }
}
