#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

// Statistics in double over the channels of one group of one image.
NN_KERNEL void nn_group_norm_forward(
    const float *restrict x, float *restrict y, nn_group_shape shape, const float *restrict scale,
    const float *restrict shift, float epsilon, float *restrict mean, float *restrict inverse_deviation, int relu) {
  int64_t width = shape.channels / shape.groups, channels = shape.channels;
  double count = (double)(width * shape.rows);
  for (int64_t image = 0; image < shape.images; image++) {
    for (int64_t group = 0; group < shape.groups; group++) {
      const float *xs = x + image * shape.rows * channels + group * width;
      float *ys = y + (xs - x);
      const float *gain = scale + group * width, *bias = shift + group * width;
      float origin = xs[0];
      double total = 0, squares = 0;
      for (int64_t r = 0; r < shape.rows; r++) {
        float s = 0, q = 0;
        for (int64_t k = 0; k < width; k++) {
          float d = xs[r * channels + k] - origin;
          s += d;
          q += d * d;
        }
        total += (double)s;
        squares += (double)q;
      }
      double offset = total / count, variance = squares / count - offset * offset;
      if (variance < 0) variance = 0;
      float m = (float)((double)origin + offset), inverse = (float)(1.0 / sqrt(variance + (double)epsilon));
      mean[image * shape.groups + group] = m;
      inverse_deviation[image * shape.groups + group] = inverse;
      for (int64_t r = 0; r < shape.rows; r++)
        for (int64_t k = 0; k < width; k++) {
          float v = (xs[r * channels + k] - m) * inverse * gain[k] + bias[k];
          ys[r * channels + k] = relu && v < 0.0f ? 0.0f : v;
        }
    }
  }
}

// With h = (x - m) i and d = g scale: gx = i (d - mean(d) - h mean(d h)), means over the group.
NN_KERNEL void nn_group_norm_backward(
    const float *restrict x, const float *restrict gy, float *restrict gx, int gx_adds, nn_group_shape shape,
    const float *restrict scale, const float *restrict mean, const float *restrict inverse_deviation,
    float *restrict gscale, float *restrict gshift) {
  int64_t width = shape.channels / shape.groups, channels = shape.channels;
  double count = (double)(width * shape.rows);
  for (int64_t image = 0; image < shape.images; image++) {
    for (int64_t group = 0; group < shape.groups; group++) {
      int64_t at = image * shape.rows * channels + group * width;
      const float *gain = scale + group * width;
      float m = mean[image * shape.groups + group], inverse = inverse_deviation[image * shape.groups + group];
      double total = 0, product = 0;
      for (int64_t r = 0; r < shape.rows; r++) {
        float s = 0, q = 0;
        for (int64_t k = 0; k < width; k++) {
          int64_t i = at + r * channels + k;
          float h = (x[i] - m) * inverse, d = gy[i] * gain[k];
          gscale[group * width + k] += gy[i] * h;
          gshift[group * width + k] += gy[i];
          s += d;
          q += d * h;
        }
        total += (double)s;
        product += (double)q;
      }
      if (!gx) continue;
      float c = (float)(total / count), b = (float)(product / count);
      for (int64_t r = 0; r < shape.rows; r++)
        for (int64_t k = 0; k < width; k++) {
          int64_t i = at + r * channels + k;
          float h = (x[i] - m) * inverse, v = inverse * (gy[i] * gain[k] - c - h * b);
          gx[i] = gx_adds ? gx[i] + v : v;
        }
    }
  }
}
