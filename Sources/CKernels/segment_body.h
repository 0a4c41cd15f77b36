// The segmentation kernels for one instruction set; SEG(name) gives the names.
#include "segment_blocks.h"

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

#include "segment_edges.h"
