#include "include/nn_kernels.h"
#include "nn_target.h"

// Plain loops: every one is bound by memory and vectorised by the compiler.

NN_KERNEL void nn_relu(const float *restrict x, float *restrict y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

NN_KERNEL void nn_relu_backward(
    const float *restrict y, const float *restrict gy, float *restrict gx, int64_t count, int adds) {
  if (adds) {
    for (int64_t i = 0; i < count; i++) gx[i] += y[i] > 0.0f ? gy[i] : 0.0f;
  } else {
    for (int64_t i = 0; i < count; i++) gx[i] = y[i] > 0.0f ? gy[i] : 0.0f;
  }
}

NN_KERNEL void nn_relu_backward_in_place(const float *restrict y, float *restrict gy, int64_t count) {
  for (int64_t i = 0; i < count; i++) gy[i] = y[i] > 0.0f ? gy[i] : 0.0f;
}

NN_KERNEL void nn_add(const float *a, const float *b, float *restrict y, int64_t count, int relu) {
  if (relu) {
    for (int64_t i = 0; i < count; i++) {
      float sum = a[i] + b[i];
      y[i] = sum < 0.0f ? 0.0f : sum;
    }
  } else {
    for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
  }
}

NN_KERNEL void nn_add_to(float *restrict target, const float *restrict source, int64_t count) {
  for (int64_t i = 0; i < count; i++) target[i] += source[i];
}

NN_KERNEL void nn_add_bias(float *restrict y, const float *restrict bias, int64_t rows, int64_t channels, int relu) {
  if (bias) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < channels; c++) y[r * channels + c] += bias[c];
  }
  if (relu) {
    for (int64_t i = 0; i < rows * channels; i++) y[i] = y[i] < 0.0f ? 0.0f : y[i];
  }
}

NN_KERNEL void nn_add_column_sums(const float *restrict g, float *restrict sums, int64_t rows, int64_t channels) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *a = g + r * channels, *b = a + channels, *c = b + channels, *d = c + channels;
    for (int64_t k = 0; k < channels; k++) sums[k] += (a[k] + b[k]) + (c[k] + d[k]);
  }
  for (; r < rows; r++)
    for (int64_t k = 0; k < channels; k++) sums[k] += g[r * channels + k];
}

NN_KERNEL double nn_sum_of_squares(const float *restrict x, int64_t count) {
  double lanes[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; k++) lanes[k] += (double)x[i + k] * (double)x[i + k];
  for (; i < count; i++) lanes[0] += (double)x[i] * (double)x[i];
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}
