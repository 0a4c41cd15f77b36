// The machine: instructions that jump from one to the next; the accumulator, FK_VECTORS vectors, stays in registers
// throughout.
#include <stdbool.h>
#include <string.h>

#include "formula_kernels.h"

// A product is rounded before it is added, so that sums cancel as they do step by step; elementary functions fuse
// by name (fk_fma).
#pragma clang fp contract(off)

#include "formula_elementary.h"

#define FK_VECTORS 8
#define FK_TILE (FK_VECTORS * FK_WIDTH)

// What instructions need to know beside their operand.
typedef struct {
  // The vectors of a tile are classes of the same rows, not rows of one class.
  bool wide;
  int32_t rows;     // of the tile, as far as they belong to the batch
  int32_t classes;  // of the tile, where vectors are classes; vectors from this one on are padding
  int64_t first_class;  // of the tile
  bool is_last;         // the tile's classes are the last of its rows
  double *sums;
} fk_context;

// ---- The operations that are no elementary functions ----

FK_INLINE vf fk_sign(vf x) {
  return fk_select(x > 0.0f, fk_splat(1), fk_select(x < 0.0f, fk_splat(-1), fk_splat(0)));
}
FK_INLINE vf fk_square(vf x) { return x * x; }
FK_INLINE vf fk_relu(vf x) { return fk_select(x < 0.0f, fk_splat(0), x); }
FK_INLINE vf fk_clamped_exp(vf x) { return fk_exp(fk_select(x > FK_EXP_LIMIT, fk_splat(FK_EXP_LIMIT), x)); }
// One number more of a sum: `rest` adds up what rounding takes away, and is not a number once the sum is not finite.
FK_INLINE void fk_add(vf *sum, vf *rest, vf x) {
  vf before = *sum;
  *sum = before + x;
  *rest += fk_lost(before, x, *sum);
}
FK_INLINE vf fk_total(vf sum, vf rest) { return fk_select(rest == rest, sum + rest, sum); }
FK_INLINE vf fk_larger(vf a, vf b) { return fk_select(b > a, b, a); }

// ---- Elementary functions of a tile ----
//
// Out of line and through memory: inside of fk_execute they would drive the accumulator out of its registers.

#define FK_FUNCTION(name, function)                                     \
  static __attribute__((noinline)) void fk_tile_##name(vf *x) {         \
    for (int k = 0; k < FK_VECTORS; k++) x[k] = function(x[k]);         \
  }

FK_FUNCTION(exp, fk_clamped_exp)
FK_FUNCTION(log, fk_log)
FK_FUNCTION(sig, fk_sig)
FK_FUNCTION(tanh, fk_tanh)
FK_FUNCTION(erf, fk_erf)
FK_FUNCTION(atan, fk_atan_unit)
FK_FUNCTION(gauss, fk_gauss)

static __attribute__((noinline)) void fk_tile_softplus(vf *x, vf_unaligned *slopes) {
  for (int k = 0; k < FK_VECTORS; k++) {
    vf slope;
    x[k] = fk_softplus(x[k], &slope);
    slopes[k] = slope;
  }
}

// The largest numbers of the rows are a tile, or the same vector for all. What a row gets depends on its own alone.
#define FK_ALL_VECTORS _Pragma("clang loop unroll(full)") for (int k = 0; k < FK_VECTORS; k++)
static __attribute__((noinline)) void fk_tile_exp_far(vf *x, const vf_unaligned *tops, int step) {
  for (int k = 0; k < FK_VECTORS; k++) {
    vf top = tops[k * step];
    x[k] = fk_select(fk_abs(top) <= FK_TOP_LIMIT, fk_exp_below(x[k], fk_top_of(top)), fk_exp_far(x[k], top));
  }
}
static __attribute__((noinline)) void fk_tile_exp_shifted(vf *x, const vf_unaligned *tops, bool is_same) {
  vi near = fk_abs(tops[0]) <= FK_TOP_LIMIT;
  if (is_same) {
    if (fk_any(~near)) return fk_tile_exp_far(x, tops, 0);
    fk_top top = fk_top_of(tops[0]);
    FK_ALL_VECTORS x[k] = fk_exp_below(x[k], top);
    return;
  }
  FK_ALL_VECTORS near &= fk_abs(tops[k]) <= FK_TOP_LIMIT;
  if (fk_any(~near)) return fk_tile_exp_far(x, tops, 1);
  FK_ALL_VECTORS x[k] = fk_exp_below(x[k], fk_top_of(tops[k]));
}

// Huge arguments, too large for the fast reduction, go to libm.
static __attribute__((noinline)) void fk_tile_sin_cos(vf *x, vf_unaligned *cosines) {
  vi huge = (vi)fk_splat(0);
  for (int k = 0; k < FK_VECTORS; k++) huge |= fk_abs(x[k]) > FK_CIRCLE_LIMIT;
  if (fk_any(huge)) {
    for (int k = 0; k < FK_TILE; k++) {
      float number = ((float *)x)[k];
      ((float *)x)[k] = sinf(number);
      ((float *)cosines)[k] = cosf(number);
    }
    return;
  }
  for (int k = 0; k < FK_VECTORS; k++) {
    vf cosine;
    x[k] = fk_sin_cos(x[k], &cosine);
    cosines[k] = cosine;
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

// DO(k, ...) for every vector k of the accumulator.
#define FK_EACH(DO, ...)                                                                              \
  DO(0, __VA_ARGS__) DO(1, __VA_ARGS__) DO(2, __VA_ARGS__) DO(3, __VA_ARGS__) DO(4, __VA_ARGS__)      \
  DO(5, __VA_ARGS__) DO(6, __VA_ARGS__) DO(7, __VA_ARGS__)

// DO(k) for every copy k of a plain instruction, FORMULA_COPIES of them.
#define FK_COPIES(DO)                                                                                  \
  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

#define FK_CLEAR(k, ...) vf v##k = fk_splat(0);
#define FK_PUT(k, array) array[k] = v##k;
#define FK_GET(k, array) v##k = array[k];

// The plain instructions stand here FORMULA_COPIES times, and a program uses another copy each time. So most jumps
// only ever go to one place and are predicted by that; from the history of jumps alone, processors predict long
// programs badly (measured on Zen 4: 2.0 ns an element of CSE-B's box loss without copies, 1.2 with). The empty
// assembly keeps the compiler from merging copies.
#define FK_COPY_MARK(copy) __asm__ volatile("" ::"i"(copy));

// One operation of two arguments: the operand x is a tile, one vector for all, or what rows have.
#define FK_BINARY(op, copy, expression)            \
  op##_ROW_##copy:                                 \
    if (context->wide) goto op##_SPLAT_##copy;     \
  op##_TILE_##copy:                                \
    FK_COPY_MARK(copy)                             \
    FK_EACH(FK_WITH_TILE, expression)       \
    FK_NEXT                                        \
  op##_SPLAT_##copy: {                             \
    FK_COPY_MARK(copy)                             \
    vf same = *operand;                            \
    FK_EACH(FK_WITH_SAME, expression)       \
    FK_NEXT                                        \
  }
#define FK_WITH_TILE(k, expression) FK_JOIN(v##k, operand[k], expression)
#define FK_WITH_SAME(k, expression) FK_JOIN(v##k, same, expression)
#define FK_JOIN(v, operand, expression) \
  {                                     \
    vf acc = v, x = operand;            \
    (void)acc;                          \
    v = (expression);                   \
  }

// One operation of one argument.
#define FK_UNARY(op, function)    \
  op##_ACC:                       \
  FK_EACH(FK_APPLY, function)     \
  FK_NEXT
#define FK_APPLY(k, function) v##k = function(v##k);

// One function of the whole tile.
#define FK_CALL(op, call)     \
  op##_ACC: {                 \
    vf x[FK_VECTORS];         \
    FK_EACH(FK_PUT, x)        \
    call;                     \
    FK_EACH(FK_GET, x)        \
    FK_NEXT                   \
  }

#define FK_FORM_LABELS(op, copy)                                       \
  [op + copy * FORMULA_OPS + FORMULA_TILE] = &&op##_TILE_##copy,       \
  [op + copy * FORMULA_OPS + FORMULA_SPLAT] = &&op##_SPLAT_##copy,     \
  [op + copy * FORMULA_OPS + FORMULA_ROW] = &&op##_ROW_##copy,
#define FK_PLAIN_LABELS(copy)                                          \
  FK_FORM_LABELS(FORMULA_LOAD, copy)                                   \
  FK_FORM_LABELS(FORMULA_ADD, copy)                                    \
  FK_FORM_LABELS(FORMULA_SUB, copy)                                    \
  FK_FORM_LABELS(FORMULA_SUB_FROM, copy)                               \
  FK_FORM_LABELS(FORMULA_MUL, copy)                                    \
  FK_FORM_LABELS(FORMULA_DIV, copy)                                    \
  FK_FORM_LABELS(FORMULA_DIV_FROM, copy)                               \
  [FORMULA_STORE + copy * FORMULA_OPS] = &&FORMULA_STORE_##copy,       \
  [FORMULA_NEG + copy * FORMULA_OPS] = &&FORMULA_NEG_##copy,

#define FK_PLAIN(copy)                               \
  FK_BINARY(FORMULA_LOAD, copy, x)                   \
  FK_BINARY(FORMULA_ADD, copy, acc + x)              \
  FK_BINARY(FORMULA_SUB, copy, acc - x)              \
  FK_BINARY(FORMULA_SUB_FROM, copy, x - acc)         \
  FK_BINARY(FORMULA_MUL, copy, acc * x)              \
  FK_BINARY(FORMULA_DIV, copy, acc / x)              \
  FK_BINARY(FORMULA_DIV_FROM, copy, x / acc)         \
  FORMULA_STORE_##copy:                              \
    FK_COPY_MARK(copy)                               \
    FK_EACH(FK_PUT, operand)                         \
    FK_NEXT                                          \
  FORMULA_NEG_##copy:                                \
    FK_COPY_MARK(copy)                               \
    FK_EACH(FK_APPLY, -)                             \
    FK_NEXT

// Runs instructions up to the next END.
static void fk_execute(const formula_instruction *ip, float *const *table, const fk_context *context) {
  static const void *const labels[] = {
      FK_COPIES(FK_PLAIN_LABELS)
      FK_FORM_LABELS(FORMULA_KEEP_UNCLAMPED, 0)
      FK_FORM_LABELS(FORMULA_KEEP_POSITIVE, 0)
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
      [FORMULA_SOFTPLUS] = &&FORMULA_SOFTPLUS_ACC,
      [FORMULA_EXP_SHIFTED] = &&FORMULA_EXP_SHIFTED_ACC,
      [FORMULA_SIN_COS] = &&FORMULA_SIN_COS_ACC,
      [FORMULA_ROW_SUM] = &&row_sum,
      [FORMULA_ROW_MAX] = &&row_max,
      [FORMULA_BATCH_SUM] = &&batch_sum,
      [FORMULA_END] = &&end,
  };
  FK_EACH(FK_CLEAR)
  uint64_t place;
  vf_unaligned *operand;
  FK_NEXT

  FK_COPIES(FK_PLAIN)
  FK_BINARY(FORMULA_KEEP_UNCLAMPED, 0, fk_select(x < FK_EXP_LIMIT, acc, fk_splat(0)))
  FK_BINARY(FORMULA_KEEP_POSITIVE, 0, fk_select(x <= 0.0f, fk_splat(0), acc))

  FK_UNARY(FORMULA_SQUARE, fk_square)
  FK_UNARY(FORMULA_ABS, fk_abs)
  FK_UNARY(FORMULA_SIGN, fk_sign)
  FK_UNARY(FORMULA_SQRT, __builtin_elementwise_sqrt)
  FK_UNARY(FORMULA_RELU, fk_relu)
  FK_CALL(FORMULA_EXP, fk_tile_exp(x))
  FK_CALL(FORMULA_LOG, fk_tile_log(x))
  FK_CALL(FORMULA_SIG, fk_tile_sig(x))
  FK_CALL(FORMULA_TANH, fk_tile_tanh(x))
  FK_CALL(FORMULA_ERF, fk_tile_erf(x))
  FK_CALL(FORMULA_ATAN, fk_tile_atan(x))
  FK_CALL(FORMULA_GAUSS, fk_tile_gauss(x))

  FK_CALL(FORMULA_EXP_SHIFTED, fk_tile_exp_shifted(x, operand, context->wide))
  FK_CALL(FORMULA_SOFTPLUS, fk_tile_softplus(x, operand))
  FK_CALL(FORMULA_SIN_COS, fk_tile_sin_cos(x, operand))

row_sum:
  if (context->wide) {
    vf sum = operand[0], rest = context->first_class == 0 ? fk_splat(0) : operand[FK_VECTORS];
    if (context->classes == FK_VECTORS) {
      fk_add(&sum, &rest, v0 + v1 + v2 + v3);
      fk_add(&sum, &rest, v4 + v5 + v6 + v7);
    } else {
      vf part = v0;
#define FK_ONE(k, ...)                                                      \
  if (k < context->classes && k % 4 == 0) {                                 \
    if (k > 0) fk_add(&sum, &rest, part);                                   \
    part = v##k;                                                            \
  } else if (k < context->classes) part += v##k;
      FK_EACH(FK_ONE)
#undef FK_ONE
      fk_add(&sum, &rest, part);
    }
    operand[0] = context->is_last ? fk_total(sum, rest) : sum;
    operand[FK_VECTORS] = rest;
    FK_NEXT
  }
  if (context->first_class == 0) {
    for (int k = 0; k < FK_VECTORS; k++) operand[FK_VECTORS + k] = fk_splat(0);
  }
  {
    vf_unaligned *part = operand + 2 * FK_VECTORS;
    if (context->first_class % 4 == 0) {
      FK_EACH(FK_PUT, part)
    } else {
#define FK_ONE(k, ...) part[k] += v##k;
      FK_EACH(FK_ONE)
#undef FK_ONE
    }
    if (context->first_class % 4 == 3 || context->is_last) {
      for (int k = 0; k < FK_VECTORS; k++) {
        vf sum = operand[k], rest = operand[FK_VECTORS + k];
        fk_add(&sum, &rest, part[k]);
        operand[k] = context->is_last ? fk_total(sum, rest) : sum;
        operand[FK_VECTORS + k] = rest;
      }
    }
  }
  FK_NEXT

row_max:
  if (context->wide) {
    vf top = operand[0];
#define FK_ONE(k, ...) if (k < context->classes) top = fk_larger(top, v##k);
    FK_EACH(FK_ONE)
#undef FK_ONE
    operand[0] = top;
    FK_NEXT
  }
#define FK_ONE(k, ...) operand[k] = fk_larger(operand[k], v##k);
  FK_EACH(FK_ONE)
#undef FK_ONE
  FK_NEXT

batch_sum: {
  vf x[FK_VECTORS];
  FK_EACH(FK_PUT, x)
  context->sums[place] += fk_batch_sum(x, context);
  FK_EACH(FK_GET, x)
  FK_NEXT
}

end:
  return;
}
