// The screen's kernels for one instruction set; SK(name) gives the names.
// Vectors of 8 doubles pass through functions that are always inlined, so how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#include "screen_elementary.h"
#include "screen_kernels.h"

#define SK_EPSILON 1e-20
#define SK_AT(place) (*(v8 *)(place))

// out = f(a) for n vectors.
#define SK_MAP(expression)                        \
  for (int32_t k = 0; k < n; k++) {               \
    v8 x = a[k];                                  \
    out[k] = (expression);                        \
  }                                               \
  break;
// out = f(a, b); operands that are numbers stand still.
#define SK_JOIN(expression)                       \
  for (int32_t k = 0; k < n; k++) {               \
    v8 x = a[k * as], y = b[k * bs];              \
    out[k] = (expression);                        \
  }                                               \
  break;

SK_INLINE int32_t sk_count(int extent, int32_t tiles, int32_t classes) {
  return extent == SCREEN_ONE ? 1 : extent == SCREEN_ROWS ? tiles : tiles * classes;
}

static void SK(softmax)(const v8 *a, v8 *out, int32_t tiles, int32_t classes) {
  for (int32_t tile = 0; tile < tiles; tile++, a += classes, out += classes) {
    v8 top = sk_same(-__builtin_inf());
    for (int32_t c = 0; c < classes; c++) top = sk_pick(a[c] > top, a[c], top);
    v8 sum = sk_same(0.0);
    for (int32_t c = 0; c < classes; c++) {
      out[c] = sk_exp(a[c] - top);
      sum += out[c];
    }
    for (int32_t c = 0; c < classes; c++) out[c] = out[c] / sum;
  }
}

static void SK(dot)(const v8 *a, int as, const v8 *b, int bs, v8 *out, int32_t tiles, int32_t classes) {
  for (int32_t tile = 0; tile < tiles; tile++, a += as * classes, b += bs * classes) {
    v8 sum = sk_same(0.0);
    for (int32_t c = 0; c < classes; c++) sum += a[c * as] * b[c * bs];
    out[tile] = sum;
  }
}

#ifndef SK_LIBM
// Whether a sum or difference of n pairs of rounded numbers cancels nearly all of both.
static int SK(cancels)(const v8 *a, int as, const v8 *b, int bs, const v8 *out, int32_t n) {
  i8 found = (i8){0, 0, 0, 0, 0, 0, 0, 0};
  for (int32_t k = 0; k < n; k++) {
    v8 size = sk_abs(a[k * as]);
    v8 other = sk_abs(b[k * bs]);
    found |= (sk_abs(out[k]) < 1e-6 * sk_pick(size > other, size, other));
  }
  return sk_any(found);
}

// Whether an angle is so large that its rounding moves it by more than 1e-11.
static int SK(large)(const v8 *a, int32_t n) {
  i8 found = (i8){0, 0, 0, 0, 0, 0, 0, 0};
  for (int32_t k = 0; k < n; k++) found |= (sk_abs(a[k]) > 1e5);
  return sk_any(found);
}

// Whether a sum of rounded products cancels nearly all of its terms.
static int SK(dot_cancels)(const v8 *a, int as, const v8 *b, int bs, const v8 *out, int32_t tiles, int32_t classes) {
  i8 found = (i8){0, 0, 0, 0, 0, 0, 0, 0};
  for (int32_t tile = 0; tile < tiles; tile++, a += as * classes, b += bs * classes) {
    v8 largest = sk_same(0.0);
    for (int32_t c = 0; c < classes; c++) {
      v8 size = sk_abs(a[c * as] * b[c * bs]);
      largest = sk_pick(size > largest, size, largest);
    }
    found |= (sk_abs(out[tile]) < 1e-6 * largest);
  }
  return sk_any(found);
}

// Whether a result is small: that of Sgdf or Salf is 1 minus nearly 1 then, that of Log belongs to an argument near 1.
static int SK(small)(const v8 *a, int32_t n) {
  i8 found = (i8){0, 0, 0, 0, 0, 0, 0, 0};
  for (int32_t k = 0; k < n; k++) found |= (sk_abs(a[k]) < 1e-6);
  return sk_any(found);
}

// Whether the sine or cosine of an angle that is no small one is small: the angle is near a root.
static int SK(near_root)(const v8 *a, const v8 *out, int32_t n) {
  i8 found = (i8){0, 0, 0, 0, 0, 0, 0, 0};
  for (int32_t k = 0; k < n; k++) found |= (sk_abs(out[k]) < 1e-6) & (sk_abs(a[k]) > 1.0);
  return sk_any(found);
}

// Whether little but rounding is left of a result, so that another rounding of the elementary functions could give another
// answer.
static int SK(doubtful)(const screen_step *step, const v8 *a, int as, const v8 *b, int bs, const v8 *out, int32_t n,
                        int32_t tiles, int32_t classes) {
  if (step->op == SCREEN_SGDF) return SK(small)(out, n);
  if (!step->is_rounded) return 0;
  if (step->op == SCREEN_ADD || step->op == SCREEN_SUB) return SK(cancels)(a, as, b, bs, out, n);
  if (step->op == SCREEN_LOG || step->op == SCREEN_SALF) return SK(small)(out, n);
  if (step->op == SCREEN_SIN || step->op == SCREEN_COS) return SK(near_root)(a, out, n);
  if (step->op == SCREEN_DOT && step->extent != SCREEN_ONE) return SK(dot_cancels)(a, as, b, bs, out, tiles, classes);
  return 0;
}
#endif

int SK(forward)(const screen_step *steps, int32_t count, int32_t tiles, int32_t classes, double *const *values) {
  for (int32_t place = 0; place < count; place++) {
    const screen_step *step = steps + place;
    if (step->op == SCREEN_LEAF) continue;
    const int32_t n = sk_count(step->extent, tiles, classes);
    const v8 *a = (const v8 *)values[step->a], *b = (const v8 *)values[step->b];
    const int as = step->a_extent == step->extent && step->extent != SCREEN_ONE;
    const int bs = step->b_extent == step->extent && step->extent != SCREEN_ONE;
    v8 *out = (v8 *)values[place];
#ifndef SK_LIBM
    if ((step->op == SCREEN_SIN || step->op == SCREEN_COS) && step->is_rounded && SK(large)(a, n)) return 1;
#endif
    switch (step->op) {
      case SCREEN_NEG: SK_MAP(-x)
      case SCREEN_EXP: SK_MAP(sk_exp(sk_pick(x > 88.0, sk_same(88.0), x)))
      case SCREEN_LOG: SK_MAP(sk_log(x + SK_EPSILON))
      case SCREEN_ABS: SK_MAP(sk_abs(x))
      case SCREEN_SQRT: SK_MAP(__builtin_elementwise_sqrt(x))
      case SCREEN_SOFTPLUS: SK_MAP(sk_softplus(x))
      case SCREEN_SIG: SK_MAP(sk_sig(x))
      case SCREEN_SGDF: SK_MAP(sk_sgdf(x))
      case SCREEN_SALF: SK_MAP((1.0 + (x / 2.0) / __builtin_elementwise_sqrt(1.0 + x * x / 4.0)) / 2.0)
      case SCREEN_SERF: SK_MAP(sk_serf(x))
      case SCREEN_TANH: SK_MAP(sk_tanh(x))
      case SCREEN_SIN: SK_MAP(sk_circle(x, 0))
      case SCREEN_COS: SK_MAP(sk_circle(x, 1))
      case SCREEN_RELU: SK_MAP(sk_pick(x < 0.0, sk_same(0.0), x))
      case SCREEN_ADD: SK_JOIN(x + y)
      case SCREEN_SUB: SK_JOIN(x - y)
      case SCREEN_MUL: SK_JOIN(x * y)
      case SCREEN_DIV: SK_JOIN(x / (y + SK_EPSILON))
      case SCREEN_SOFTMAX: SK(softmax)(a, out, tiles, classes); break;
      case SCREEN_DOT:
        if (step->extent == SCREEN_ONE) out[0] = a[0] * b[0];
        else SK(dot)(a, as, b, bs, out, tiles, classes);
        break;
    }
#ifndef SK_LIBM
    if (SK(doubtful)(step, a, as, b, bs, out, n, tiles, classes)) return 1;
#endif
  }
  return 0;
}

// ga = or += f(x, r, g) for n vectors.
#define SK_PULL(expression)                       \
  for (int32_t k = 0; k < n; k++) {               \
    v8 x = a[k], r = out[k], g = up[k];           \
    (void)x; (void)r;                             \
    v8 pulled = (expression);                     \
    ga[k] = step->a_first ? pulled : ga[k] + pulled; \
  }                                               \
  break;
// The same for both operands, as far as they have gradients; up has one vector for `width` of them.
#define SK_PULL_BOTH(left, right)                 \
  for (int32_t k = 0; k < n; k++) {               \
    v8 x = a[k * as], y = b[k * bs], g = up[k / width]; \
    (void)x; (void)y;                             \
    if (ga) { v8 p = (left); ga[k] = step->a_first ? p : ga[k] + p; } \
    if (gb) { v8 p = (right); gb[k] = step->b_first ? p : gb[k] + p; } \
  }                                               \
  break;

static void SK(softmax_back)(const v8 *r, const v8 *g, v8 *to, int first, int32_t tiles, int32_t classes) {
  for (int32_t tile = 0; tile < tiles; tile++, r += classes, g += classes, to += classes) {
    v8 sum = sk_same(0.0);
    for (int32_t c = 0; c < classes; c++) sum += g[c] * r[c];
    for (int32_t c = 0; c < classes; c++) {
      v8 pulled = r[c] * (g[c] - sum);
      to[c] = first ? pulled : to[c] + pulled;
    }
  }
}

SK_INLINE v8 sk_sgdf_slope(v8 x, v8 g) {
  v8 t = sk_tanh(3.14159265358979311600 * x / 8.0);
  return g * (1.0 - t * t) / (1.0 + t * t) / 4.0;
}

SK_INLINE v8 sk_salf_slope(v8 x, v8 g) {
  v8 c = 1.0 / __builtin_elementwise_sqrt(1.0 + x * x / 4.0);
  return g * c * c * c / 4.0;
}

SK_INLINE v8 sk_serf_slope(v8 x, v8 g) {
  v8 v = x * 1.77245385090551588192 / 4.0;
  return g * sk_exp(-v * v) / 4.0;
}

void SK(backward)(const screen_step *steps, int32_t count, int32_t tiles, int32_t classes, double *const *values,
                  double *const *gradients) {
  for (int32_t place = count - 1; place >= 0; place--) {
    const screen_step *step = steps + place;
    if (step->op == SCREEN_LEAF || !(step->a_depends | step->b_depends)) continue;
    const int32_t n = sk_count(step->extent, tiles, classes);
    const v8 *a = (const v8 *)values[step->a], *b = (const v8 *)values[step->b];
    const v8 *out = (const v8 *)values[place], *up = (const v8 *)gradients[place];
    v8 *ga = step->a_depends ? (v8 *)gradients[step->a] : 0;
    v8 *gb = step->b_depends ? (v8 *)gradients[step->b] : 0;
    const int as = step->a_extent == step->extent, bs = step->b_extent == step->extent;
    const int32_t width = step->op == SCREEN_DOT ? classes : 1;
    switch (step->op) {
      case SCREEN_NEG: SK_PULL(-g)
      case SCREEN_EXP: SK_PULL(sk_pick(x < 88.0, g * r, sk_same(0.0)))
      case SCREEN_LOG: SK_PULL(g / (x + SK_EPSILON))
      case SCREEN_ABS: SK_PULL(g * sk_pick(x > 0.0, sk_same(1.0), sk_pick(x < 0.0, sk_same(-1.0), sk_same(0.0))))
      case SCREEN_SQRT: SK_PULL(g / (2.0 * r))
      case SCREEN_SOFTPLUS: SK_PULL(sk_pick(x > 20.0, g, g * sk_sig(x)))
      case SCREEN_SIG: SK_PULL(g * (r * (1.0 - r)))
      case SCREEN_SGDF: SK_PULL(sk_sgdf_slope(x, g))
      case SCREEN_SALF: SK_PULL(sk_salf_slope(x, g))
      case SCREEN_SERF: SK_PULL(sk_serf_slope(x, g))
      case SCREEN_TANH: SK_PULL(g * (1.0 - r * r))
      case SCREEN_SIN: SK_PULL(g * sk_circle(x, 1))
      case SCREEN_COS: SK_PULL(-g * sk_circle(x, 0))
      case SCREEN_RELU: SK_PULL(sk_pick(r <= 0.0, sk_same(0.0), g))
      case SCREEN_ADD: SK_PULL_BOTH(g, g)
      case SCREEN_SUB: SK_PULL_BOTH(g, -g)
      case SCREEN_MUL:
      case SCREEN_DOT: SK_PULL_BOTH(g * y, g * x)
      case SCREEN_DIV: {
        SK_PULL_BOTH(g / (y + SK_EPSILON), -g * ((x / (y + SK_EPSILON)) / (y + SK_EPSILON)))
      }
      case SCREEN_SOFTMAX: SK(softmax_back)(out, up, ga, step->a_first, tiles, classes); break;
    }
  }
}

void SK(rows)(const double *entries, const double *mask, int32_t tiles, int32_t classes, double *own, double *others,
              double *size) {
  const v8 *g = (const v8 *)entries, *m = (const v8 *)mask;
  for (int32_t tile = 0; tile < tiles; tile++, g += classes, m += classes) {
    v8 mine = sk_same(0.0), total = sk_same(0.0);
    for (int32_t c = 0; c < classes; c++) {
      mine += sk_pick(m[c] == 1.0, g[c], sk_same(0.0));
      total += sk_abs(g[c]);
    }
    v8 rest = -mine;
    for (int32_t c = 0; c < classes; c++) rest += g[c];
    SK_AT(own + 8 * tile) = mine;
    SK_AT(others + 8 * tile) = rest;
    SK_AT(size + 8 * tile) = total;
  }
}
