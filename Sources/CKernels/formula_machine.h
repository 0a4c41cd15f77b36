// The machine: instructions that jump from one to the next; the accumulator, eight vectors, stays in registers
// throughout.
#include <stdbool.h>
#include <string.h>

#include "formula_kernels.h"

// A product is rounded before it is added, so that sums cancel as they do step by step; elementary functions fuse
// by name (fk_fma).
#pragma clang fp contract(off)

#include "formula_elementary.h"

#define FK_TILE (8 * FK_WIDTH)

// What instructions need to know beside their operand.
typedef struct {
  // The vectors of a tile are classes of the same rows, not rows of one class.
  bool wide;
  int32_t rows;     // of the tile, as far as they belong to the batch
  int32_t classes;  // of the tile, where vectors are classes; vectors from this one on are padding
  double *sums;
} fk_context;

// ---- The operations that are no elementary functions ----

FK_INLINE vf fk_sign(vf x) {
  return fk_select(x > 0.0f, fk_splat(1), fk_select(x < 0.0f, fk_splat(-1), fk_splat(0)));
}
FK_INLINE vf fk_square(vf x) { return x * x; }
FK_INLINE vf fk_relu(vf x) { return fk_select(x < 0.0f, fk_splat(0), x); }
FK_INLINE vf fk_clamped_exp(vf x) { return fk_exp(fk_select(x > FK_EXP_LIMIT, fk_splat(FK_EXP_LIMIT), x)); }
FK_INLINE vf fk_larger(vf a, vf b) { return fk_select(b > a, b, a); }

// Sine and cosine as libm has them, for arguments too large for the fast reduction.
static __attribute__((noinline)) void fk_libm_circle(vf *x, vf_unaligned *cosine) {
  for (int k = 0; k < FK_TILE; k++) {
    float number = ((float *)x)[k];
    ((float *)x)[k] = sinf(number);
    ((float *)cosine)[k] = cosf(number);
  }
}

// Adds the numbers of a tile that belong to the batch.
static __attribute__((noinline)) double fk_batch_sum(const vf *tile, const fk_context *context) {
  const float *numbers = (const float *)tile;
  double sum = 0;
  if (!context->wide) {
    for (int k = 0; k < context->rows; k++) sum += numbers[k];
    return sum;
  }
  for (int row = 0; row < context->rows; row++) {
    for (int k = 0; k < context->classes; k++) sum += numbers[k * FK_WIDTH + row];
  }
  return sum;
}

// ---- The instructions ----

// On to the next instruction: each jumps there itself, which processors predict better than one common jump.
#define FK_NEXT                                                            \
  {                                                                        \
    uint64_t word;                                                         \
    memcpy(&word, ip++, sizeof word);                                      \
    place = word >> 32;                                                    \
    operand = (vf_unaligned *)table[place];                                \
    goto *labels[(uint32_t)word];                                          \
  }

#define FK_EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// One operation of two arguments: the operand x is a tile, one vector for all, or what rows have.
#define FK_BINARY(op, expression)        \
  op##_ROW:                              \
    if (context->wide) goto op##_SPLAT;  \
  op##_TILE:                             \
    FK_JOIN(v0, operand[0], expression)  \
    FK_JOIN(v1, operand[1], expression)  \
    FK_JOIN(v2, operand[2], expression)  \
    FK_JOIN(v3, operand[3], expression)  \
    FK_JOIN(v4, operand[4], expression)  \
    FK_JOIN(v5, operand[5], expression)  \
    FK_JOIN(v6, operand[6], expression)  \
    FK_JOIN(v7, operand[7], expression)  \
    FK_NEXT                              \
  op##_SPLAT: {                          \
    vf same = *operand;                  \
    FK_JOIN(v0, same, expression)        \
    FK_JOIN(v1, same, expression)        \
    FK_JOIN(v2, same, expression)        \
    FK_JOIN(v3, same, expression)        \
    FK_JOIN(v4, same, expression)        \
    FK_JOIN(v5, same, expression)        \
    FK_JOIN(v6, same, expression)        \
    FK_JOIN(v7, same, expression)        \
    FK_NEXT                              \
  }
#define FK_JOIN(v, operand, expression) \
  {                                     \
    vf acc = v, x = operand;            \
    (void)acc;                          \
    v = (expression);                   \
  }
#define FK_BINARY_LABELS(op) \
  [op + FORMULA_TILE] = &&op##_TILE, [op + FORMULA_SPLAT] = &&op##_SPLAT, [op + FORMULA_ROW] = &&op##_ROW

// One operation of one argument.
#define FK_UNARY(op, function)                                                  \
  op##_ACC:                                                                     \
  v0 = function(v0), v1 = function(v1), v2 = function(v2), v3 = function(v3);   \
  v4 = function(v4), v5 = function(v5), v6 = function(v6), v7 = function(v7);   \
  FK_NEXT

// Runs instructions up to the next END.
static void fk_execute(const formula_instruction *ip, float *const *table, const fk_context *context) {
  static const void *const labels[] = {
      FK_BINARY_LABELS(FORMULA_LOAD),
      FK_BINARY_LABELS(FORMULA_ADD),
      FK_BINARY_LABELS(FORMULA_SUB),
      FK_BINARY_LABELS(FORMULA_SUB_FROM),
      FK_BINARY_LABELS(FORMULA_MUL),
      FK_BINARY_LABELS(FORMULA_DIV),
      FK_BINARY_LABELS(FORMULA_DIV_FROM),
      FK_BINARY_LABELS(FORMULA_KEEP_UNCLAMPED),
      FK_BINARY_LABELS(FORMULA_KEEP_POSITIVE),
      [FORMULA_NEG] = &&FORMULA_NEG_ACC,
      [FORMULA_SQUARE] = &&FORMULA_SQUARE_ACC,
      [FORMULA_ABS] = &&FORMULA_ABS_ACC,
      [FORMULA_SIGN] = &&FORMULA_SIGN_ACC,
      [FORMULA_SQRT] = &&FORMULA_SQRT_ACC,
      [FORMULA_RELU] = &&FORMULA_RELU_ACC,
      [FORMULA_EXP] = &&FORMULA_EXP_ACC,
      [FORMULA_LOG] = &&FORMULA_LOG_ACC,
      [FORMULA_SIG] = &&FORMULA_SIG_ACC,
      [FORMULA_TANH] = &&FORMULA_TANH_ACC,
      [FORMULA_ERF] = &&FORMULA_ERF_ACC,
      [FORMULA_ATAN] = &&FORMULA_ATAN_ACC,
      [FORMULA_GAUSS] = &&FORMULA_GAUSS_ACC,
      [FORMULA_SOFTPLUS] = &&softplus,
      [FORMULA_SIN_COS] = &&sin_cos,
      [FORMULA_STORE] = &&store,
      [FORMULA_ROW_SUM] = &&row_sum,
      [FORMULA_ROW_MAX] = &&row_max,
      [FORMULA_BATCH_SUM] = &&batch_sum,
      [FORMULA_END] = &&end,
  };
  vf v0, v1, v2, v3, v4, v5, v6, v7;
  v0 = v1 = v2 = v3 = v4 = v5 = v6 = v7 = fk_splat(0);
  uint64_t place;
  vf_unaligned *operand;
  FK_NEXT

  FK_BINARY(FORMULA_LOAD, x)
  FK_BINARY(FORMULA_ADD, acc + x)
  FK_BINARY(FORMULA_SUB, acc - x)
  FK_BINARY(FORMULA_SUB_FROM, x - acc)
  FK_BINARY(FORMULA_MUL, acc * x)
  FK_BINARY(FORMULA_DIV, acc / x)
  FK_BINARY(FORMULA_DIV_FROM, x / acc)
  FK_BINARY(FORMULA_KEEP_UNCLAMPED, fk_select(x < FK_EXP_LIMIT, acc, fk_splat(0)))
  FK_BINARY(FORMULA_KEEP_POSITIVE, fk_select(x <= 0.0f, fk_splat(0), acc))

  FK_UNARY(FORMULA_NEG, -)
  FK_UNARY(FORMULA_SQUARE, fk_square)
  FK_UNARY(FORMULA_ABS, fk_abs)
  FK_UNARY(FORMULA_SIGN, fk_sign)
  FK_UNARY(FORMULA_SQRT, __builtin_elementwise_sqrt)
  FK_UNARY(FORMULA_RELU, fk_relu)
  FK_UNARY(FORMULA_EXP, fk_clamped_exp)
  FK_UNARY(FORMULA_LOG, fk_log)
  FK_UNARY(FORMULA_SIG, fk_sig)
  FK_UNARY(FORMULA_TANH, fk_tanh)
  FK_UNARY(FORMULA_ERF, fk_erf)
  FK_UNARY(FORMULA_ATAN, fk_atan_unit)
  FK_UNARY(FORMULA_GAUSS, fk_gauss)

softplus: {
  vf slope;
#define FK_ONE(k) v##k = fk_softplus(v##k, &slope), operand[k] = slope;
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT
}

sin_cos: {
  vi huge = (vi)fk_splat(0);
#define FK_ONE(k) huge |= fk_abs(v##k) > FK_CIRCLE_LIMIT;
  FK_EACH(FK_ONE)
#undef FK_ONE
  if (fk_any(huge)) {
    vf x[8] = {v0, v1, v2, v3, v4, v5, v6, v7};
    fk_libm_circle(x, operand);
    v0 = x[0], v1 = x[1], v2 = x[2], v3 = x[3], v4 = x[4], v5 = x[5], v6 = x[6], v7 = x[7];
    FK_NEXT
  }
  vf cosine;
#define FK_ONE(k) v##k = fk_sin_cos(v##k, &cosine), operand[k] = cosine;
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT
}

store:
#define FK_ONE(k) operand[k] = v##k;
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT

row_sum:
  if (context->wide) {
    vf sum = operand[0];
#define FK_ONE(k) if (k < context->classes) sum += v##k;
    FK_EACH(FK_ONE)
#undef FK_ONE
    operand[0] = sum;
    FK_NEXT
  }
#define FK_ONE(k) operand[k] += v##k;
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT

row_max:
  if (context->wide) {
    vf top = operand[0];
#define FK_ONE(k) if (k < context->classes) top = fk_larger(top, v##k);
    FK_EACH(FK_ONE)
#undef FK_ONE
    operand[0] = top;
    FK_NEXT
  }
#define FK_ONE(k) operand[k] = fk_larger(operand[k], v##k);
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT

batch_sum: {
  vf x[8] = {v0, v1, v2, v3, v4, v5, v6, v7};
  context->sums[place] += fk_batch_sum(x, context);
  v0 = x[0], v1 = x[1], v2 = x[2], v3 = x[3], v4 = x[4], v5 = x[5], v6 = x[6], v7 = x[7];
  FK_NEXT
}

end:
  return;
}
