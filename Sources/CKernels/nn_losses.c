#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

// Some thousand rows a step: plain loops with libm are fast enough.

static float log_sum_exp(const float *x, int64_t classes) {
  float most = x[0];
  for (int64_t k = 1; k < classes; k++) most = x[k] > most ? x[k] : most;
  float sum = 0.0f;
  for (int64_t k = 0; k < classes; k++) sum += expf(x[k] - most);
  return most + logf(sum);
}

void nn_log_softmax(const float *x, float *y, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; r++, x += classes, y += classes) {
    float norm = log_sum_exp(x, classes);
    for (int64_t k = 0; k < classes; k++) y[k] = x[k] - norm;
  }
}

void nn_log_softmax_backward(const float *y, const float *gy, float *gx, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; r++, y += classes, gy += classes, gx += classes) {
    float sum = 0.0f;
    for (int64_t k = 0; k < classes; k++) sum += gy[k];
    for (int64_t k = 0; k < classes; k++) gx[k] = gy[k] - expf(y[k]) * sum;
  }
}

void nn_cross_entropy(
    const float *x, const int32_t *labels, const float *weights, float *values, float *gx, int64_t rows,
    int64_t classes) {
  for (int64_t r = 0; r < rows; r++, x += classes) {
    int counts = labels[r] >= 0 && labels[r] < classes;
    float norm = counts ? log_sum_exp(x, classes) : 0.0f, weight = weights ? weights[r] : 1.0f;
    values[r] = counts ? norm - x[labels[r]] : 0.0f;
    if (!gx) continue;
    for (int64_t k = 0; k < classes; k++) {
      float slope = counts ? expf(x[k] - norm) - (k == labels[r] ? 1.0f : 0.0f) : 0.0f;
      gx[r * classes + k] = weight * slope;
    }
  }
}

void nn_smooth_l1(
    const float *x, const float *targets, const float *weights, float beta, float *values, float *gx, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float d = x[i] - targets[i], size = fabsf(d);
    int near = size < beta;
    values[i] = near ? 0.5f * d * d / beta : size - 0.5f * beta;
    if (!gx) continue;
    float slope = near ? d / beta : (d > 0.0f ? 1.0f : (d < 0.0f ? -1.0f : d));
    gx[i] = (weights ? weights[i] : 1.0f) * slope;
  }
}
