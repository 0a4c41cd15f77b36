#include <math.h>

#include "nn_strips.h"

// Each image is walked like a batch of one; the sums of its channels are then joined to those of their group.

typedef struct {
  nn_norm_shape shape;   // of one image
  int64_t groups, width, image;
} group_walk;

NN_INLINE group_walk groups_of(const nn_norm_shape *shape, int64_t groups) {
  group_walk g = {*shape, groups, shape->channels / groups, shape->rows * shape->channels};
  g.shape.images = 1;
  return g;
}

// Mean and variance of each group: the channels' means and variances are joined by the law of total variance.
static void join_moments(
    const group_walk *g, const float *x, const double *total, const double *squares, float epsilon, float *mean,
    float *inverse_deviation) {
  double rows = (double)g->shape.rows, width = (double)g->width;
  for (int64_t group = 0; group < g->groups; group++) {
    double m = 0, variance = 0;
    for (int64_t c = group * g->width; c < (group + 1) * g->width; c++) {
      int64_t at = g->shape.blocked ? c / LANES * LANES * g->shape.rows + c % LANES : c;
      m += ((double)x[at] + total[c] / rows) / width;
    }
    for (int64_t c = group * g->width; c < (group + 1) * g->width; c++) {
      int64_t at = g->shape.blocked ? c / LANES * LANES * g->shape.rows + c % LANES : c;
      double shift = total[c] / rows, away = (double)x[at] + shift - m;
      variance += (squares[c] / rows - shift * shift + away * away) / width;
    }
    mean[group] = (float)m;
    inverse_deviation[group] = (float)(1.0 / sqrt((variance > 0 ? variance : 0) + (double)epsilon));
  }
}

NN_KERNEL void nn_group_norm_forward(
    const float *x, float *y, const nn_norm_shape *shape, int64_t groups, const float *scale, const float *shift,
    float epsilon, float *mean, float *inverse_deviation, int relu, double *work) {
  group_walk g = groups_of(shape, groups);
  walk w = walk_of(&g.shape);
  int64_t channels = shape->channels;
  float means[BLOCK], gain[BLOCK];
  for (int64_t image = 0; image < shape->images; image++) {
    const float *xs = x + image * g.image;
    float *m = mean + image * groups, *inverse = inverse_deviation + image * groups;
    memset(work, 0, (size_t)(2 * channels) * sizeof(double));
    for (int64_t start = 0, width; start < channels; start += width) {
      width = width_of(&g.shape, start);
      NN_FOR_WIDTH(
          strip_moments, w, width, xs + origin_of(&g.shape, start), work + start, work + channels + start);
    }
    join_moments(&g, xs, work, work + channels, epsilon, m, inverse);
    for (int64_t start = 0, width; start < channels; start += width) {
      width = width_of(&g.shape, start);
      for (int64_t k = 0; k < width; k++) {
        int64_t group = (start + k) / g.width;
        means[k] = m[group];
        gain[k] = scale[start + k] * inverse[group];
      }
      int64_t at = origin_of(&g.shape, start);
      channel_map map = {means, gain, shift + start};
      NN_FOR_WIDTH(apply_kinds, w, width, xs + at, NULL, y + image * g.image + at, map, relu);
    }
  }
}

// With h = (x - mean) i and d = g scale: gx = i (d - mean of d - h mean of d h), means over the group.
NN_KERNEL void nn_group_norm_backward(const nn_group_norm_gradient *q) {
  group_walk g = groups_of(&q->shape, q->groups);
  walk w = walk_of(&g.shape);
  int64_t channels = q->shape.channels;
  double *total = q->work, *product = q->work + channels, count = (double)(g.width * g.shape.rows);
  float means[BLOCK], gain[BLOCK], b[BLOCK], c[BLOCK];
  for (int64_t image = 0; image < q->shape.images; image++) {
    const float *mean = q->mean + image * q->groups, *inverse = q->inverse_deviation + image * q->groups;
    memset(q->work, 0, (size_t)(2 * channels) * sizeof(double));
    for (int pass = 0; pass < 2; pass++) {
      if (pass == 1 && !q->gx) break;
      for (int64_t start = 0, width; start < channels; start += width) {
        width = width_of(&g.shape, start);
        for (int64_t k = 0; k < width; k++) {
          int64_t group = (start + k) / g.width;
          means[k] = mean[group];
          gain[k] = q->scale[start + k] * inverse[group];
        }
        int64_t at = image * g.image + origin_of(&g.shape, start);
        channel_map map = {means, gain, q->shift + start};
        gradient_source from = {q->x + at, q->x + at, q->gy + at, NULL};
        int relu = q->relu ? RELU_OF_INPUT : NO_RELU;
        if (pass == 0) {
          NN_FOR_WIDTH(sums_kinds, w, width, from, map, total + start, product + start, relu, 0);
          continue;
        }
        for (int64_t k = 0; k < width; k++) {
          int64_t group = (start + k) / g.width;
          double d = 0, dh = 0, i = (double)inverse[group];
          for (int64_t j = group * g.width; j < (group + 1) * g.width; j++) {
            d += (double)q->scale[j] * total[j];
            dh += (double)q->scale[j] * product[j] * i;
          }
          b[k] = (float)(-i * i * dh / count);
          c[k] = (float)(-i * d / count);
        }
        gradient_map map_back = {gain, b, c};
        NN_FOR_WIDTH(input_kinds, w, width, from, q->gx + at, map, map_back, relu, q->gx_adds);
      }
    }
    for (int64_t k = 0; k < channels; k++) {
      q->gscale[k] += (float)(product[k] * (double)inverse[k / g.width]);
      q->gshift[k] += (float)total[k];
    }
  }
}
