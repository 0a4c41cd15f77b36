#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

// Channels are worked on in blocks of at most this many, so that the sums of a block stay in the first cache level.
enum { BLOCK = 256, CHUNK = 64 };

// sums[k] += x - origin, squares[k] += (x - origin)^2 over `rows` rows, `width` channels, `stride` floats a row.
NN_INLINE void add_moments(
    const float *restrict x, int64_t rows, int64_t stride, int64_t width, const float *restrict origin,
    float *restrict sums, float *restrict squares) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *a = x + r * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (int64_t k = 0; k < width; k++) {
      float o = origin[k], p = a[k] - o, q = b[k] - o, s = c[k] - o, t = d[k] - o;
      sums[k] += (p + q) + (s + t);
      squares[k] += (p * p + q * q) + (s * s + t * t);
    }
  }
  for (; r < rows; r++)
    for (int64_t k = 0; k < width; k++) {
      float p = x[r * stride + k] - origin[k];
      sums[k] += p;
      squares[k] += p * p;
    }
}

// One pass: moments about the first row (which lies within some deviations of the mean), floats over CHUNK rows,
// then doubles.
NN_KERNEL void nn_batch_norm_statistics(
    const float *restrict x, int64_t rows, int64_t channels, float epsilon, float momentum, float *restrict mean,
    float *restrict inverse_deviation, float *restrict running_mean, float *restrict running_variance) {
  float sums[BLOCK], squares[BLOCK];
  double total[BLOCK], total_squares[BLOCK];
  for (int64_t start = 0; start < channels; start += BLOCK) {
    int64_t width = channels - start < BLOCK ? channels - start : BLOCK;
    memset(total, 0, sizeof total);
    memset(total_squares, 0, sizeof total_squares);
    for (int64_t r = 0; r < rows; r += CHUNK) {
      memset(sums, 0, (size_t)width * sizeof(float));
      memset(squares, 0, (size_t)width * sizeof(float));
      int64_t chunk = rows - r < CHUNK ? rows - r : CHUNK;
      add_moments(x + r * channels + start, chunk, channels, width, x + start, sums, squares);
      for (int64_t k = 0; k < width; k++) {
        total[k] += (double)sums[k];
        total_squares[k] += (double)squares[k];
      }
    }
    for (int64_t k = 0; k < width; k++) {
      int64_t c = start + k;
      double shift = total[k] / (double)rows;
      double variance = total_squares[k] / (double)rows - shift * shift;
      if (variance < 0) variance = 0;
      double m = (double)x[c] + shift;
      mean[c] = (float)m;
      inverse_deviation[c] = (float)(1.0 / sqrt(variance + (double)epsilon));
      double unbiased = rows > 1 ? variance * (double)rows / (double)(rows - 1) : variance;
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

NN_INLINE void apply_block(
    const float *restrict x, const float *restrict residual, float *restrict y, int64_t rows, int64_t stride,
    int64_t width, const float *restrict mean, const float *restrict gain, const float *restrict shift, int adding,
    int relu) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * stride, *sr = residual + (adding ? r * stride : 0);
    float *yr = y + r * stride;
    for (int64_t k = 0; k < width; k++) {
      float v = (xr[k] - mean[k]) * gain[k] + shift[k];
      if (adding) v += sr[k];
      yr[k] = relu && v < 0.0f ? 0.0f : v;
    }
  }
}

NN_KERNEL void nn_batch_norm_apply(
    const float *restrict x, const float *restrict residual, float *restrict y, int64_t rows, int64_t channels,
    const float *restrict scale, const float *restrict shift, const float *restrict mean,
    const float *restrict inverse_deviation, int relu) {
  float gain[BLOCK];
  for (int64_t start = 0; start < channels; start += BLOCK) {
    int64_t width = channels - start < BLOCK ? channels - start : BLOCK;
    for (int64_t k = 0; k < width; k++) gain[k] = scale[start + k] * inverse_deviation[start + k];
    const float *xs = x + start, *m = mean + start, *b = shift + start;
    float *ys = y + start;
    if (residual && relu)
      apply_block(xs, residual + start, ys, rows, channels, width, m, gain, b, 1, 1);
    else if (residual)
      apply_block(xs, residual + start, ys, rows, channels, width, m, gain, b, 1, 0);
    else if (relu)
      apply_block(xs, xs, ys, rows, channels, width, m, gain, b, 0, 1);
    else
      apply_block(xs, xs, ys, rows, channels, width, m, gain, b, 0, 0);
  }
}

// The sums over rows of g and g (x - mean), g the gradient behind the ReLU; writes or adds g to the residual's gradient.
NN_INLINE void gradient_sums(
    const nn_batch_norm_gradient *restrict q, int64_t start, int64_t width, double *restrict total,
    double *restrict total_product, int relu, int residual, int adds) {
  float sums[BLOCK], products[BLOCK];
  int64_t stride = q->channels;
  const float *restrict mean = q->mean + start;
  for (int64_t first = 0; first < q->rows; first += CHUNK) {
    memset(sums, 0, (size_t)width * sizeof(float));
    memset(products, 0, (size_t)width * sizeof(float));
    int64_t last = q->rows - first < CHUNK ? q->rows : first + CHUNK;
    int64_t r = first;
    for (; r + 2 <= last; r += 2) {
      const float *restrict ga = q->gy + r * stride + start, *restrict gb = ga + stride;
      const float *restrict xa = q->x + r * stride + start, *restrict xb = xa + stride;
      const float *restrict ya = q->y + r * stride + start, *restrict yb = ya + stride;
      float *restrict sa = residual ? q->gresidual + r * stride + start : sums;
      float *restrict sb = sa + stride;
      for (int64_t k = 0; k < width; k++) {
        float a = ga[k], b = gb[k];
        if (relu) {
          a = ya[k] > 0.0f ? a : 0.0f;
          b = yb[k] > 0.0f ? b : 0.0f;
        }
        if (residual) {
          sa[k] = adds ? sa[k] + a : a;
          sb[k] = adds ? sb[k] + b : b;
        }
        sums[k] += a + b;
        products[k] += a * (xa[k] - mean[k]) + b * (xb[k] - mean[k]);
      }
    }
    for (; r < last; r++) {
      int64_t at = r * stride + start;
      for (int64_t k = 0; k < width; k++) {
        float g = q->gy[at + k];
        if (relu) g = q->y[at + k] > 0.0f ? g : 0.0f;
        if (residual) q->gresidual[at + k] = adds ? q->gresidual[at + k] + g : g;
        sums[k] += g;
        products[k] += g * (q->x[at + k] - mean[k]);
      }
    }
    for (int64_t k = 0; k < width; k++) {
      total[k] += (double)sums[k];
      total_product[k] += (double)products[k];
    }
  }
}

// gx = or += a g + b (x - mean) + c.
NN_INLINE void input_gradient(
    const nn_batch_norm_gradient *restrict q, int64_t start, int64_t width, const float *restrict a,
    const float *restrict b, const float *restrict c, int relu, int adds) {
  const float *restrict mean = q->mean + start;
  for (int64_t r = 0; r < q->rows; r++) {
    int64_t at = r * q->channels + start;
    const float *restrict g = q->gy + at, *restrict x = q->x + at, *restrict y = q->y + at;
    float *restrict gx = q->gx + at;
    for (int64_t k = 0; k < width; k++) {
      float v = g[k];
      if (relu) v = y[k] > 0.0f ? v : 0.0f;
      v = a[k] * v + (b[k] * (x[k] - mean[k]) + c[k]);
      gx[k] = adds ? gx[k] + v : v;
    }
  }
}

NN_INLINE void all_sums(
    const nn_batch_norm_gradient *q, int64_t start, int64_t width, double *total, double *total_product) {
  int residual = q->gresidual != NULL, adds = q->gresidual_adds;
  if (q->relu && !residual)
    gradient_sums(q, start, width, total, total_product, 1, 0, 0);
  else if (q->relu && !adds)
    gradient_sums(q, start, width, total, total_product, 1, 1, 0);
  else if (q->relu)
    gradient_sums(q, start, width, total, total_product, 1, 1, 1);
  else if (!residual)
    gradient_sums(q, start, width, total, total_product, 0, 0, 0);
  else if (!adds)
    gradient_sums(q, start, width, total, total_product, 0, 1, 0);
  else
    gradient_sums(q, start, width, total, total_product, 0, 1, 1);
}

NN_KERNEL void nn_batch_norm_backward(const nn_batch_norm_gradient *q) {
  double total[BLOCK], total_product[BLOCK];
  float a[BLOCK], b[BLOCK], c[BLOCK];
  for (int64_t start = 0; start < q->channels; start += BLOCK) {
    int64_t width = q->channels - start < BLOCK ? q->channels - start : BLOCK;
    memset(total, 0, sizeof total);
    memset(total_product, 0, sizeof total_product);
    all_sums(q, start, width, total, total_product);
    for (int64_t k = 0; k < width; k++) {
      double inverse = (double)q->inverse_deviation[start + k], gain = (double)q->scale[start + k] * inverse;
      double rows = (double)q->rows;
      q->gscale[start + k] += (float)(total_product[k] * inverse);
      q->gshift[start + k] += (float)total[k];
      a[k] = (float)gain;
      b[k] = q->training ? (float)(-gain * total_product[k] * inverse * inverse / rows) : 0.0f;
      c[k] = q->training ? (float)(-gain * total[k] / rows) : 0.0f;
    }
    if (!q->gx) continue;
    if (q->relu && q->gx_adds)
      input_gradient(q, start, width, a, b, c, 1, 1);
    else if (q->relu)
      input_gradient(q, start, width, a, b, c, 1, 0);
    else if (q->gx_adds)
      input_gradient(q, start, width, a, b, c, 0, 1);
    else
      input_gradient(q, start, width, a, b, c, 0, 0);
  }
}
