// Blocks of pixels: loading, softmax over their classes, and curves.
//
// Pixels come in blocks whose classes are copied side by side first, so that rows of pixels far apart in memory do not
// drive each other out of the caches; the rest of a last block is filled with zeros.
#include <stdbool.h>
#include <string.h>

#include "segment_kernels.h"

#pragma clang fp contract(off)
#include "formula_elementary.h"

// Pixels of a block, and its vectors.
#define SEG_BLOCK 128
#define SEG_VECTORS (SEG_BLOCK / FK_WIDTH)
#define SEG_LANES(k) for (int k = 0; k < SEG_VECTORS; k++)

typedef uint8_t vb __attribute__((ext_vector_type(FK_WIDTH), aligned(1)));
typedef uint64_t vw __attribute__((ext_vector_type(FK_WIDTH), aligned(8)));

FK_INLINE vf seg_at(const float *place) { return *(const vf_unaligned *)place; }
FK_INLINE void seg_put(float *place, vf x) { *(vf_unaligned *)place = x; }
FK_INLINE vf seg_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }
FK_INLINE vf seg_least(vf a, vf b) { return fk_select(a < b, a, b); }
FK_INLINE vf seg_most(vf a, vf b) { return fk_select(a > b, a, b); }
FK_INLINE vf seg_where(vi mask, vf x) { return (vf)(mask & (vi)x); }
FK_INLINE vi seg_same(int32_t x) { return (vi)x; }

FK_INLINE double seg_sum(vf x) {
  double sum = 0;
  for (int lane = 0; lane < FK_WIDTH; lane++) sum += x[lane];
  return sum;
}

// Rows of n pixels, `stride` apart, into blocks.
FK_INLINE void seg_load(float *block, const float *from, int64_t classes, int64_t stride, int64_t n) {
  for (int64_t c = 0; c < classes; c++, block += SEG_BLOCK, from += stride) {
    memcpy(block, from, n * sizeof *block);
    memset(block + n, 0, (SEG_BLOCK - n) * sizeof *block);
  }
}

FK_INLINE void seg_store(float *to, const float *block, int64_t classes, int64_t stride, int64_t n) {
  for (int64_t c = 0; c < classes; c++, block += SEG_BLOCK, to += stride) memcpy(to, block, n * sizeof *block);
}

// Labels of a block; -1 where ignored and past the end.
FK_INLINE void seg_labels(int32_t *block, const uint8_t *from, int64_t classes, int64_t n) {
  for (int64_t k = 0; k < n; k++) block[k] = from[k] < classes ? from[k] : -1;
  for (int64_t k = n; k < SEG_BLOCK; k++) block[k] = -1;
}

// ---- Softmax and curves ----

// In place; `tops` gets the largest logits and `logs` the logarithms of the sums of exponentials, where not null.
FK_INLINE void seg_softmax_block(float *block, int64_t classes, float *tops, float *logs) {
  vf top[SEG_VECTORS], sum[SEG_VECTORS];
  SEG_LANES(k) {
    top[k] = seg_at(block + k * FK_WIDTH);
    sum[k] = fk_splat(0);
  }
  for (int64_t c = 1; c < classes; c++)
    SEG_LANES(k) top[k] = seg_most(seg_at(block + c * SEG_BLOCK + k * FK_WIDTH), top[k]);
  for (int64_t c = 0; c < classes; c++) {
    SEG_LANES(k) {
      float *place = block + c * SEG_BLOCK + k * FK_WIDTH;
      vf x = seg_at(place), below = fk_exp_far(x, top[k]);
      // Not a number stays one.
      below = fk_select(x == x, below, x);
      seg_put(place, below);
      sum[k] += below;
    }
  }
  if (logs)
    SEG_LANES(k) {
      seg_put(tops + k * FK_WIDTH, top[k]);
      seg_put(logs + k * FK_WIDTH, fk_log(sum[k]));
    }
  SEG_LANES(k) sum[k] = 1.0f / sum[k];
  for (int64_t c = 0; c < classes; c++)
    SEG_LANES(k) {
      float *place = block + c * SEG_BLOCK + k * FK_WIDTH;
      seg_put(place, seg_at(place) * sum[k]);
    }
}

// The value of a curve at x and its slope; `count` is a constant where that pays.
FK_INLINE vf seg_curve(const segment_piece *pieces, int count, vf x, vf *slope) {
  vf begin = fk_splat(pieces[0].begin), end = fk_splat(pieces[0].end), scale = fk_splat(pieces[0].scale);
  vf a = fk_splat(pieces[0].a), y = fk_splat(pieces[0].y);
  vf first = fk_splat(pieces[0].first), last = fk_splat(pieces[0].last);
  for (int k = 1; k < count; k++) {
    vi later = x > pieces[k].begin;
    begin = fk_select(later, fk_splat(pieces[k].begin), begin);
    end = fk_select(later, fk_splat(pieces[k].end), end);
    scale = fk_select(later, fk_splat(pieces[k].scale), scale);
    a = fk_select(later, fk_splat(pieces[k].a), a);
    y = fk_select(later, fk_splat(pieces[k].y), y);
    first = fk_select(later, fk_splat(pieces[k].first), first);
    last = fk_select(later, fk_splat(pieces[k].last), last);
  }
  vf zero = fk_splat(0), one = fk_splat(1);
  vf u = seg_least(seg_most((x - begin) * scale, zero), one), w = seg_least(seg_most((end - x) * scale, zero), one);
  vf rest = 1.0f - a;
  vf s = seg_most(seg_sqrt(fk_fma(a * a, w, rest * rest * u)), fk_splat(1e-12f));
  vf inverse = 1.0f / (s * (a + s));
  vf t = seg_least(u * s * inverse, one);
  *slope = fk_fma(first, 1.0f - t, last * t) * (0.5f * scale) * ((a + s) * inverse);
  vf value = fk_fma(t, fk_fma(0.5f * (last - first), t, first), y);
  return fk_select(x <= 0.0f, zero, fk_select(x >= 1.0f, one, fk_select(x == x, value, x)));
}

// Runs `call` with the number of pieces as a constant for the usual numbers.
#define SEG_FOR_COUNT(count, call) \
  do {                             \
    switch (count) {               \
      case 1: { enum { n_ = 1 }; call; break; } \
      case 2: { enum { n_ = 2 }; call; break; } \
      default: { const int n_ = (count); call; break; } \
    }                              \
  } while (0)

void SEG(curve_values)(const segment_curve *curve, const float *x, int64_t n, float *y, float *slopes) {
  for (int64_t start = 0; start < n; start += FK_WIDTH) {
    float in[FK_WIDTH] = {0}, out[FK_WIDTH], rise[FK_WIDTH];
    int64_t part = n - start < FK_WIDTH ? n - start : FK_WIDTH;
    memcpy(in, x + start, part * sizeof *x);
    vf slope;
    seg_put(out, seg_curve(curve->pieces, curve->count, seg_at(in), &slope));
    seg_put(rise, slope);
    memcpy(y + start, out, part * sizeof *y);
    memcpy(slopes + start, rise, part * sizeof *slopes);
  }
}

// Every block of every image: `at` is its first number in images × classes × pixels, `spot` its first label.
#define SEG_BLOCKS(shape)                                                                         \
  for (int64_t image = 0; image < (shape)->images; image++)                                       \
    for (int64_t start = 0, pixels = (shape)->pixels, classes = (shape)->classes,                 \
                 n = pixels < SEG_BLOCK ? pixels : SEG_BLOCK, at = image * classes * pixels,      \
                 spot = image * pixels;                                                           \
         start < pixels; start += SEG_BLOCK, at += SEG_BLOCK, spot += SEG_BLOCK,                  \
                 n = pixels - start < SEG_BLOCK ? pixels - start : SEG_BLOCK)
