#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

// A tensor is walked in strips: `width` neighbouring channels of `rows` rows that lie `stride` floats apart.
// NHWC: strips of at most BLOCK channels over all rows. Blocks of 16 channels (nChw16c): one strip an image and block.
// Sums of a strip stay in the first cache level: floats over CHUNK rows, then doubles.
enum { BLOCK = 256, CHUNK = 64, LANES = 16 };

typedef struct {
  int64_t strips, rows, stride, step;   // step: floats from a strip to the next of the same channels
} walk;

NN_INLINE walk walk_of(const nn_norm_shape *s) {
  if (!s->blocked) return (walk){1, s->images * s->rows, s->channels, 0};
  return (walk){s->images, s->rows, LANES, s->rows * s->channels};
}

// Where the first strip of the channels from `start` begins.
NN_INLINE int64_t origin_of(const nn_norm_shape *s, int64_t start) { return s->blocked ? start * s->rows : start; }

NN_INLINE int64_t width_of(const nn_norm_shape *s, int64_t start) {
  if (s->blocked || s->channels == LANES) return LANES;
  return s->channels - start < BLOCK ? s->channels - start : BLOCK;
}

// sums[k] += x - origin, squares[k] += (x - origin)^2.
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

// Moments about the first row, which lies within some deviations of the mean, so that one pass is enough.
NN_INLINE void strip_moments(
    const float *x, walk w, int64_t width, double *restrict total, double *restrict total_squares) {
  float sums[BLOCK], squares[BLOCK];
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t r = 0; r < w.rows; r += CHUNK) {
      memset(sums, 0, (size_t)width * sizeof(float));
      memset(squares, 0, (size_t)width * sizeof(float));
      int64_t chunk = w.rows - r < CHUNK ? w.rows - r : CHUNK;
      add_moments(x + strip * w.step + r * w.stride, chunk, w.stride, width, x, sums, squares);
      for (int64_t k = 0; k < width; k++) {
        total[k] += (double)sums[k];
        total_squares[k] += (double)squares[k];
      }
    }
}

NN_KERNEL void nn_batch_norm_statistics(
    const float *restrict x, const nn_norm_shape *shape, float epsilon, float momentum, float *restrict mean,
    float *restrict inverse_deviation, float *restrict running_mean, float *restrict running_variance) {
  double total[BLOCK], total_squares[BLOCK], count = (double)(shape->images * shape->rows);
  walk w = walk_of(shape);
  for (int64_t start = 0, width; start < shape->channels; start += width) {
    width = width_of(shape, start);
    memset(total, 0, sizeof total);
    memset(total_squares, 0, sizeof total_squares);
    const float *first = x + origin_of(shape, start);
    if (width == LANES && w.stride == LANES)
      strip_moments(first, (walk){w.strips, w.rows, LANES, w.step}, LANES, total, total_squares);
    else
      strip_moments(first, w, width, total, total_squares);
    for (int64_t k = 0; k < width; k++) {
      int64_t c = start + k;
      double shift = total[k] / count, variance = total_squares[k] / count - shift * shift;
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

NN_INLINE void apply_strips(
    const float *restrict x, const float *restrict residual, float *restrict y, walk w, int64_t width,
    const float *restrict mean, const float *restrict gain, const float *restrict shift, int relu) {
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t r = 0; r < w.rows; r++) {
      int64_t at = strip * w.step + r * w.stride;
      for (int64_t k = 0; k < width; k++) {
        float v = (x[at + k] - mean[k]) * gain[k] + shift[k];
        if (residual) v += residual[at + k];
        y[at + k] = relu && v < 0.0f ? 0.0f : v;
      }
    }
}

NN_INLINE void apply_kinds(
    const float *x, const float *residual, float *y, walk w, int64_t width, const float *mean, const float *gain,
    const float *shift, int relu) {
  if (residual && relu)
    apply_strips(x, residual, y, w, width, mean, gain, shift, 1);
  else if (residual)
    apply_strips(x, residual, y, w, width, mean, gain, shift, 0);
  else if (relu)
    apply_strips(x, NULL, y, w, width, mean, gain, shift, 1);
  else
    apply_strips(x, NULL, y, w, width, mean, gain, shift, 0);
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
    const float *r = residual ? residual + at : NULL;
    if (width == LANES && w.stride == LANES)
      apply_kinds(
          x + at, r, y + at, (walk){w.strips, w.rows, LANES, w.step}, LANES, mean + start, gain, shift + start, relu);
    else
      apply_kinds(x + at, r, y + at, w, width, mean + start, gain, shift + start, relu);
  }
}

// One strip's pointers.
typedef struct {
  const float *restrict x, *restrict y, *restrict gy;
  float *restrict gx, *restrict gresidual;
} strip_of;

NN_INLINE strip_of strip_at(const nn_batch_norm_gradient *q, int64_t at) {
  return (strip_of){
      q->x + at, q->y + at, q->gy + at, q->gx ? q->gx + at : NULL, q->gresidual ? q->gresidual + at : NULL};
}

// The sums over rows of g and g (x - mean), g the gradient behind the ReLU; writes or adds g to the residual's gradient.
NN_INLINE void gradient_sums(
    strip_of s, int64_t rows, int64_t stride, int64_t width, const float *restrict mean, float *restrict sums,
    float *restrict products, int relu, int residual, int adds) {
  for (int64_t r = 0; r < rows; r += 2) {
    int64_t i = r * stride, j = r + 1 < rows ? i + stride : i;
    float second = r + 1 < rows ? 1.0f : 0.0f;
    for (int64_t k = 0; k < width; k++) {
      float a = s.gy[i + k], b = s.gy[j + k];
      if (relu) {
        a = s.y[i + k] > 0.0f ? a : 0.0f;
        b = s.y[j + k] > 0.0f ? b : 0.0f;
      }
      if (residual && adds) {
        float old_a = s.gresidual[i + k], old_b = s.gresidual[j + k];
        s.gresidual[j + k] = old_b + b;
        s.gresidual[i + k] = old_a + a;
      } else if (residual) {
        s.gresidual[j + k] = b;
        s.gresidual[i + k] = a;
      }
      b *= second;
      sums[k] += a + b;
      products[k] += a * (s.x[i + k] - mean[k]) + b * (s.x[j + k] - mean[k]);
    }
  }
}

NN_INLINE void all_sums(
    const nn_batch_norm_gradient *q, int64_t at, walk w, int64_t width, const float *mean, double *restrict total,
    double *restrict total_product, int relu, int residual, int adds) {
  float sums[BLOCK], products[BLOCK];
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t r = 0; r < w.rows; r += CHUNK) {
      memset(sums, 0, (size_t)width * sizeof(float));
      memset(products, 0, (size_t)width * sizeof(float));
      int64_t chunk = w.rows - r < CHUNK ? w.rows - r : CHUNK;
      strip_of s = strip_at(q, at + strip * w.step + r * w.stride);
      gradient_sums(s, chunk, w.stride, width, mean, sums, products, relu, residual, adds);
      for (int64_t k = 0; k < width; k++) {
        total[k] += (double)sums[k];
        total_product[k] += (double)products[k];
      }
    }
}

NN_INLINE void sums_kinds(
    const nn_batch_norm_gradient *q, int64_t at, walk w, int64_t width, const float *mean, double *total,
    double *product) {
  int residual = q->gresidual != NULL, adds = q->gresidual_adds;
  if (q->relu && !residual)
    all_sums(q, at, w, width, mean, total, product, 1, 0, 0);
  else if (q->relu && !adds)
    all_sums(q, at, w, width, mean, total, product, 1, 1, 0);
  else if (q->relu)
    all_sums(q, at, w, width, mean, total, product, 1, 1, 1);
  else if (!residual)
    all_sums(q, at, w, width, mean, total, product, 0, 0, 0);
  else if (!adds)
    all_sums(q, at, w, width, mean, total, product, 0, 1, 0);
  else
    all_sums(q, at, w, width, mean, total, product, 0, 1, 1);
}

// gx = or += a g + b (x - mean) + c.
NN_INLINE void input_gradient(
    const nn_batch_norm_gradient *q, int64_t at, walk w, int64_t width, const float *restrict mean,
    const float *restrict a, const float *restrict b, const float *restrict c, int relu, int adds) {
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t r = 0; r < w.rows; r++) {
      strip_of s = strip_at(q, at + strip * w.step + r * w.stride);
      for (int64_t k = 0; k < width; k++) {
        float v = s.gy[k];
        if (relu) v = s.y[k] > 0.0f ? v : 0.0f;
        v = a[k] * v + (b[k] * (s.x[k] - mean[k]) + c[k]);
        s.gx[k] = adds ? s.gx[k] + v : v;
      }
    }
}

NN_INLINE void input_kinds(
    const nn_batch_norm_gradient *q, int64_t at, walk w, int64_t width, const float *mean, const float *a,
    const float *b, const float *c) {
  if (q->relu && q->gx_adds)
    input_gradient(q, at, w, width, mean, a, b, c, 1, 1);
  else if (q->relu)
    input_gradient(q, at, w, width, mean, a, b, c, 1, 0);
  else if (q->gx_adds)
    input_gradient(q, at, w, width, mean, a, b, c, 0, 1);
  else
    input_gradient(q, at, w, width, mean, a, b, c, 0, 0);
}

NN_KERNEL void nn_batch_norm_backward(const nn_batch_norm_gradient *q) {
  double total[BLOCK], product[BLOCK], count = (double)(q->shape.images * q->shape.rows);
  float a[BLOCK], b[BLOCK], c[BLOCK];
  walk w = walk_of(&q->shape), lanes = {w.strips, w.rows, LANES, w.step};
  for (int64_t start = 0, width; start < q->shape.channels; start += width) {
    width = width_of(&q->shape, start);
    int64_t at = origin_of(&q->shape, start);
    int narrow = width == LANES && w.stride == LANES;
    const float *mean = q->mean + start;
    memset(total, 0, sizeof total);
    memset(product, 0, sizeof product);
    if (narrow)
      sums_kinds(q, at, lanes, LANES, mean, total, product);
    else
      sums_kinds(q, at, w, width, mean, total, product);
    for (int64_t k = 0; k < width; k++) {
      double inverse = (double)q->inverse_deviation[start + k], gain = (double)q->scale[start + k] * inverse;
      q->gscale[start + k] += (float)(product[k] * inverse);
      q->gshift[start + k] += (float)total[k];
      a[k] = (float)gain;
      b[k] = q->training ? (float)(-gain * product[k] * inverse * inverse / count) : 0.0f;
      c[k] = q->training ? (float)(-gain * total[k] / count) : 0.0f;
    }
    if (!q->gx) continue;
    if (narrow)
      input_kinds(q, at, lanes, LANES, mean, a, b, c);
    else
      input_kinds(q, at, w, width, mean, a, b, c);
  }
}
