// The segmentation kernels for one instruction set; SEG(name) gives the names.
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

// In place; `scales` gets 1 / the sum of the exponentials, `tops` the largest logits, where not null.
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

void SEG(softmax)(const segment_shape *shape, const float *logits, float *p, float *room) {
  SEG_BLOCKS(shape) {
    seg_load(room, logits + at, classes, pixels, n);
    seg_softmax_block(room, classes, NULL, NULL);
    seg_store(p + at, room, classes, pixels, n);
  }
}

void SEG(softmax_backward)(const segment_shape *shape, const float *p, float *gp, float *room) {
  SEG_BLOCKS(shape) {
    float *slopes = room + classes * SEG_BLOCK;
    seg_load(room, p + at, classes, pixels, n);
    seg_load(slopes, gp + at, classes, pixels, n);
    SEG_LANES(k) {
      vf mean = fk_splat(0);
      for (int64_t c = 0; c < classes; c++) {
        int64_t place = c * SEG_BLOCK + k * FK_WIDTH;
        mean = fk_fma(seg_at(room + place), seg_at(slopes + place), mean);
      }
      for (int64_t c = 0; c < classes; c++) {
        int64_t place = c * SEG_BLOCK + k * FK_WIDTH;
        seg_put(slopes + place, seg_at(room + place) * (seg_at(slopes + place) - mean));
      }
    }
    seg_store(gp + at, slopes, classes, pixels, n);
  }
}

// ---- Overlap ----

// The other curve over one block of one class; q gets p times the slope.
FK_INLINE double seg_other(const segment_piece *pieces, int count, const float *p, float *q, const int32_t *labels,
                           int32_t class) {
  vf sum = fk_splat(0);
  SEG_LANES(k) {
    vf slope, x = seg_at(p + k * FK_WIDTH);
    vf y = seg_curve(pieces, count, x, &slope);
    vi label = *(const vi *)(labels + k * FK_WIDTH);
    sum += seg_where((label != seg_same(class)) & (label >= seg_same(0)), y);
    seg_put(q + k * FK_WIDTH, x * slope);
  }
  return seg_sum(sum);
}

void SEG(overlap)(const segment_shape *shape, const float *logits, const uint8_t *labels, const segment_curve *own,
                  const segment_curve *other, float *p, float *q, double *sums, float *room) {
  memset(sums, 0, 2 * shape->classes * sizeof *sums);
  SEG_BLOCKS(shape) {
    int32_t label[SEG_BLOCK] __attribute__((aligned(64)));
    float of[SEG_BLOCK] __attribute__((aligned(64))), values[SEG_BLOCK], slopes[SEG_BLOCK];
    float *rise = room + classes * SEG_BLOCK;
    seg_load(room, logits + at, classes, pixels, n);
    seg_labels(label, labels + spot, classes, n);
    seg_softmax_block(room, classes, NULL, NULL);
    for (int64_t c = 0; c < classes; c++) {
      double sum = 0;
      SEG_FOR_COUNT(other->count, (sum = seg_other(other->pieces, n_, room + c * SEG_BLOCK, rise + c * SEG_BLOCK,
                                                   label, (int32_t)c)));
      sums[classes + c] += sum;
    }
    for (int64_t k = 0; k < SEG_BLOCK; k++) of[k] = label[k] < 0 ? 0.0f : room[label[k] * SEG_BLOCK + k];
    SEG_LANES(k) {
      vf slope, x = seg_at(of + k * FK_WIDTH);
      seg_put(values + k * FK_WIDTH, seg_curve(own->pieces, own->count, x, &slope));
      seg_put(slopes + k * FK_WIDTH, x * slope);
    }
    for (int64_t k = 0; k < n; k++) {
      if (label[k] < 0) continue;
      sums[label[k]] += values[k];
      rise[label[k] * SEG_BLOCK + k] = slopes[k];
    }
    if (!p) continue;
    seg_store(p + at, room, classes, pixels, n);
    seg_store(q + at, rise, classes, pixels, n);
  }
}

void SEG(overlap_backward)(const segment_shape *shape, const uint8_t *labels, const float *own, const float *other,
                           const float *q, float *p, float *room) {
  SEG_BLOCKS(shape) {
    int32_t label[SEG_BLOCK] __attribute__((aligned(64)));
    float *rise = room + classes * SEG_BLOCK;
    seg_load(room, p + at, classes, pixels, n);
    seg_load(rise, q + at, classes, pixels, n);
    seg_labels(label, labels + spot, classes, n);
    vf mean[SEG_VECTORS];
    SEG_LANES(k) mean[k] = fk_splat(0);
    for (int64_t c = 0; c < classes; c++)
      SEG_LANES(k) {
        vi is = *(const vi *)(label + k * FK_WIDTH);
        float *place = rise + c * SEG_BLOCK + k * FK_WIDTH;
        vf factor = fk_select(is == seg_same((int32_t)c), fk_splat(own[c]), fk_splat(other[c]));
        vf g = seg_where(is >= seg_same(0), factor * seg_at(place));
        seg_put(place, g);
        mean[k] += g;
      }
    for (int64_t c = 0; c < classes; c++)
      SEG_LANES(k) {
        int64_t place = c * SEG_BLOCK + k * FK_WIDTH;
        seg_put(room + place, fk_fma(-seg_at(room + place), mean[k], seg_at(rise + place)));
      }
    seg_store(p + at, room, classes, pixels, n);
  }
}

// ---- Accuracy and cross entropy: one pass ----

// g_c = slope ([c is the label] - p_c) for the block's slopes.
FK_INLINE void seg_pull(float *p, int64_t classes, const int32_t *label, const float *slopes) {
  for (int64_t c = 0; c < classes; c++)
    SEG_LANES(k) {
      float *place = p + c * SEG_BLOCK + k * FK_WIDTH;
      vi is = *(const vi *)(label + k * FK_WIDTH);
      vf target = seg_where(is == seg_same((int32_t)c), fk_splat(1));
      seg_put(place, seg_at(slopes + k * FK_WIDTH) * (target - seg_at(place)));
    }
}

double SEG(accuracy)(const segment_shape *shape, const float *logits, const uint8_t *labels, const segment_curve *curve,
                     const float *weights, float *gradient, float *room) {
  double total = 0;
  SEG_BLOCKS(shape) {
    int32_t label[SEG_BLOCK] __attribute__((aligned(64)));
    float of[SEG_BLOCK], weight[SEG_BLOCK], slopes[SEG_BLOCK];
    seg_load(room, logits + at, classes, pixels, n);
    seg_labels(label, labels + spot, classes, n);
    seg_softmax_block(room, classes, NULL, NULL);
    for (int64_t k = 0; k < SEG_BLOCK; k++) {
      of[k] = label[k] < 0 ? 0.0f : room[label[k] * SEG_BLOCK + k];
      weight[k] = label[k] < 0 ? 0.0f : weights[label[k]];
    }
    vf sum = fk_splat(0);
    SEG_LANES(k) {
      vf slope, x = seg_at(of + k * FK_WIDTH), factor = seg_at(weight + k * FK_WIDTH);
      sum = fk_fma(factor, seg_curve(curve->pieces, curve->count, x, &slope), sum);
      seg_put(slopes + k * FK_WIDTH, factor * (x * slope));
    }
    total += seg_sum(sum);
    if (!gradient) continue;
    seg_pull(room, classes, label, slopes);
    seg_store(gradient + at, room, classes, pixels, n);
  }
  return total;
}

double SEG(cross_entropy)(const segment_shape *shape, const float *logits, const uint8_t *labels, float weight,
                          float *gradient, float *room) {
  double total = 0;
  SEG_BLOCKS(shape) {
    int32_t label[SEG_BLOCK] __attribute__((aligned(64)));
    float of[SEG_BLOCK], slopes[SEG_BLOCK], tops[SEG_BLOCK], logs[SEG_BLOCK];
    seg_load(room, logits + at, classes, pixels, n);
    seg_labels(label, labels + spot, classes, n);
    for (int64_t k = 0; k < SEG_BLOCK; k++) {
      of[k] = label[k] < 0 ? 0.0f : room[label[k] * SEG_BLOCK + k];
      slopes[k] = label[k] < 0 ? 0.0f : -weight;
    }
    seg_softmax_block(room, classes, tops, logs);
    vf sum = fk_splat(0);
    SEG_LANES(k) {
      int64_t place = k * FK_WIDTH;
      vf loss = (seg_at(tops + place) - seg_at(of + place)) + seg_at(logs + place);
      sum += seg_where(*(const vi *)(label + place) >= seg_same(0), loss);
    }
    total += weight * seg_sum(sum);
    if (!gradient) continue;
    seg_pull(room, classes, label, slopes);
    seg_store(gradient + at, room, classes, pixels, n);
  }
  return total;
}

// ---- Soft boundaries ----

// A plane with a border of one number around, and whole vectors a row.
#define SEG_BORDERED(plane) ((plane)->stride + 2 * 16)

FK_INLINE vi seg_columns(int64_t x, int64_t width) {
  vi column;
  for (int lane = 0; lane < FK_WIDTH; lane++) column[lane] = lane;
  return column + (int32_t)x < (int32_t)width;
}

void SEG(edges)(const segment_plane *plane, const segment_curve *curves, const float *p, float *e, float *by_p,
                float *by_m, uint8_t *places, float *room) {
  int64_t line = SEG_BORDERED(plane), width = plane->width, stride = plane->stride;
  for (int64_t k = 0; k < line * (plane->height + 2); k++) room[k] = __builtin_inff();
  for (int64_t y = 0; y < plane->height; y++)
    memcpy(room + (y + 1) * line + 1, p + y * width, width * sizeof *p);
  for (int64_t y = 0; y < plane->height; y++) {
    for (int64_t x = 0; x < stride; x += FK_WIDTH) {
      const float *window = room + y * line + x;
      vf least = seg_at(window);
      vi place = seg_same(0);
      for (int k = 1; k < 9; k++) {
        vf next = seg_at(window + k / 3 * line + k % 3);
        vi lower = next < least;
        least = fk_select(lower, next, least);
        place = (lower & seg_same(k)) | (~lower & place);
      }
      vf centre = seg_at(window + line + 1), rise[4], value[4];
      for (int k = 0; k < 4; k++)
        value[k] = seg_curve(curves[k].pieces, curves[k].count, k % 2 ? least : centre, &rise[k]);
      vf rest = 1.0f - value[2], other = 1.0f - value[3];
      vi inside = seg_columns(x, width);
      int64_t at = y * stride + x;
      vf edge = fk_fma(-value[0], value[1], fk_fma(rest, value[3], value[2]));
      seg_put(e + at, seg_where(inside, edge) + 0.0f);
      seg_put(by_p + at, seg_where(inside, fk_fma(-rise[0], value[1], rise[2] * other)));
      seg_put(by_m + at, seg_where(inside, fk_fma(-rise[1], value[0], rise[3] * rest)));
      *(vb *)(places + at) = __builtin_convertvector(place, vb);
    }
  }
}

void SEG(edges_backward)(const segment_plane *plane, const float *ge, const float *by_p, const float *by_m,
                         const uint8_t *places, float *gp, float *room) {
  int64_t line = SEG_BORDERED(plane), stride = plane->stride, height = plane->height, width = plane->width;
  // What each pixel hands to the place of its least, with a border of zeros, and those places.
  float *handed = room;
  uint8_t *where = (uint8_t *)(room + line * (height + 2));
  memset(handed, 0, line * (height + 2) * sizeof *handed);
  memset(where, 9, line * (height + 2));
  for (int64_t y = 0; y < height; y++) {
    for (int64_t x = 0; x < stride; x += FK_WIDTH) {
      int64_t at = y * stride + x;
      seg_put(handed + (y + 1) * line + x + 1, seg_at(ge + at) * seg_at(by_m + at));
    }
    memcpy(where + (y + 1) * line + 1, places + y * stride, width);
  }
  for (int64_t y = 0; y < height; y++)
    for (int64_t x = 0; x < width; x += FK_WIDTH) {
      int64_t at = y * stride + x;
      vf sum = seg_at(ge + at) * seg_at(by_p + at);
      // A pixel whose least is at place k of its window lies at place 8 - k of the window around that least.
      for (int k = 0; k < 9; k++) {
        int64_t from = (y + k / 3) * line + x + k % 3;
        vi is = __builtin_convertvector(*(const vb *)(where + from), vi) == seg_same(8 - k);
        sum += seg_where(is, seg_at(handed + from));
      }
      if (x + FK_WIDTH <= width) {
        seg_put(gp + y * width + x, sum);
      } else {
        for (int64_t lane = 0; lane < width - x; lane++) gp[y * width + x + lane] = sum[lane];
      }
    }
}

void SEG(edge_sums)(const segment_plane *plane, const float *e, const uint64_t *near, int bit, double *sums) {
  for (int64_t y = 0; y < plane->height; y++) {
    const float *row = e + y * plane->stride;
    const uint64_t *words = near + y * plane->width;
    vf close = fk_splat(0), all = fk_splat(0);
    int64_t x = 0;
    for (; x + FK_WIDTH <= plane->width; x += FK_WIDTH) {
      vi is = -__builtin_convertvector((*(const vw *)(words + x) >> (uint64_t)bit) & 1, vi);
      vf edge = seg_at(row + x);
      close += seg_where(is, edge);
      all += edge;
    }
    sums[0] += seg_sum(close);
    sums[1] += seg_sum(all);
    for (; x < plane->width; x++) {
      if (words[x] >> bit & 1) sums[0] += row[x];
      sums[1] += row[x];
    }
  }
}

void SEG(edge_gradients)(const segment_plane *plane, const uint64_t *near, int bit, float all, float close, float *ge) {
  for (int64_t y = 0; y < plane->height; y++) {
    float *row = ge + y * plane->stride;
    const uint64_t *words = near + y * plane->width;
    int64_t x = 0;
    for (; x + FK_WIDTH <= plane->width; x += FK_WIDTH) {
      vi is = -__builtin_convertvector((*(const vw *)(words + x) >> (uint64_t)bit) & 1, vi);
      seg_put(row + x, fk_select(is, fk_splat(all + close), fk_splat(all)));
    }
    for (; x < plane->width; x++) row[x] = words[x] >> bit & 1 ? all + close : all;
    for (; x < plane->stride; x++) row[x] = 0;
  }
}

void SEG(keys)(const segment_plane *plane, const float *e, uint64_t *keys) {
  for (int64_t y = 0; y < plane->height; y++)
    for (int64_t x = 0; x < plane->width; x++) {
      uint32_t bits, place = (uint32_t)(y * plane->width + x);
      memcpy(&bits, e + y * plane->stride + x, sizeof bits);
      bits ^= (uint32_t)((int32_t)bits >> 31) | 0x80000000u;
      keys[y * plane->width + x] = (uint64_t)bits << 32 | (uint32_t)~place;
    }
}
