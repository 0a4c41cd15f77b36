#include <math.h>

#include "nn_strips.h"

NN_KERNEL void nn_batch_norm_statistics(
    const float *restrict x, const nn_norm_shape *shape, float epsilon, float momentum, float *restrict mean,
    float *restrict inverse_deviation, float *restrict running_mean, float *restrict running_variance) {
  double total[BLOCK], squares[BLOCK], count = (double)(shape->images * shape->rows);
  walk w = walk_of(shape);
  for (int64_t start = 0, width; start < shape->channels; start += width) {
    width = width_of(shape, start);
    memset(total, 0, sizeof total);
    memset(squares, 0, sizeof squares);
    const float *first = x + origin_of(shape, start);
    NN_FOR_WIDTH(strip_moments, w, width, first, total, squares);
    for (int64_t k = 0; k < width; k++) {
      int64_t c = start + k;
      double shift = total[k] / count, variance = squares[k] / count - shift * shift;
      if (variance < 0) variance = 0;
      double m = (double)first[k] + shift, unbiased = count > 1 ? variance * count / (count - 1) : variance;
      mean[c] = (float)m;
      inverse_deviation[c] = (float)(1.0 / sqrt(variance + (double)epsilon));
      running_mean[c] = (float)((1.0 - (double)momentum) * (double)running_mean[c] + (double)momentum * m);
      running_variance[c] =
          (float)((1.0 - (double)momentum) * (double)running_variance[c] + (double)momentum * unbiased);
    }
  }
}

void nn_batch_norm_use_running(
    int64_t channels, float epsilon, const float *running_mean, const float *running_variance, float *mean,
    float *inverse_deviation) {
  for (int64_t c = 0; c < channels; c++) {
    mean[c] = running_mean[c];
    inverse_deviation[c] = (float)(1.0 / sqrt((double)running_variance[c] + (double)epsilon));
  }
}

NN_KERNEL void nn_batch_norm_apply(
    const float *restrict x, const float *restrict residual, float *restrict y, const nn_norm_shape *shape,
    const float *restrict scale, const float *restrict shift, const float *restrict mean,
    const float *restrict inverse_deviation, int relu) {
  float gain[BLOCK];
  walk w = walk_of(shape);
  for (int64_t start = 0, width; start < shape->channels; start += width) {
    width = width_of(shape, start);
    for (int64_t k = 0; k < width; k++) gain[k] = scale[start + k] * inverse_deviation[start + k];
    int64_t at = origin_of(shape, start);
    channel_map map = {mean + start, gain, shift + start};
    NN_FOR_WIDTH(apply_kinds, w, width, x + at, residual ? residual + at : NULL, y + at, map, relu);
  }
}

// With h = (x - mean) i: gx = scale i (g - mean of g - h mean of g h), the means only in training.
NN_KERNEL void nn_batch_norm_backward(const nn_batch_norm_gradient *q) {
  double total[BLOCK], product[BLOCK], count = (double)(q->shape.images * q->shape.rows);
  float gain[BLOCK], b[BLOCK], c[BLOCK];
  walk w = walk_of(&q->shape);
  int relu = !q->relu ? NO_RELU : q->has_residual ? RELU_OF_OUTPUT : RELU_OF_INPUT;
  for (int64_t start = 0, width; start < q->shape.channels; start += width) {
    width = width_of(&q->shape, start);
    int64_t at = origin_of(&q->shape, start);
    memset(total, 0, sizeof total);
    memset(product, 0, sizeof product);
    for (int64_t k = 0; k < width; k++) gain[k] = q->scale[start + k] * q->inverse_deviation[start + k];
    channel_map map = {q->mean + start, gain, q->shift + start};
    gradient_source from = {q->x + at, q->y + at, q->gy + at, q->gresidual ? q->gresidual + at : NULL};
    NN_FOR_WIDTH(sums_kinds, w, width, from, map, total, product, relu, q->gresidual_adds);
    for (int64_t k = 0; k < width; k++) {
      double inverse = (double)q->inverse_deviation[start + k], slope = (double)gain[k];
      q->gscale[start + k] += (float)(product[k] * inverse);
      q->gshift[start + k] += (float)total[k];
      b[k] = q->training ? (float)(-slope * product[k] * inverse * inverse / count) : 0.0f;
      c[k] = q->training ? (float)(-slope * total[k] / count) : 0.0f;
    }
    if (!q->gx) continue;
    gradient_map map_back = {gain, b, c};
    int rest = relu;
    if (q->gresidual && !q->gresidual_adds) {
      // The gradient behind the ReLU was just written there.
      from.gy = from.gresidual;
      rest = NO_RELU;
    }
    NN_FOR_WIDTH(input_kinds, w, width, from, q->gx + at, map, map_back, rest, q->gx_adds);
  }
}
