// Passes over activations that treat each channel alike: what batch and group normalization are made of.
//
// A tensor is walked in strips: `width` neighbouring channels of `rows` rows that lie `stride` floats apart.
// NHWC: strips of at most BLOCK channels over all rows. Blocks of 16 channels (nChw16c): one strip an image and block.
// Sums of a strip stay in the first cache level: floats over CHUNK rows, then doubles.
#ifndef NN_STRIPS_H
#define NN_STRIPS_H

#include "include/nn_kernels.h"
#include "nn_target.h"

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
  if (s->blocked) return LANES;
  return s->channels - start < BLOCK ? s->channels - start : BLOCK;
}

// Calls `function` with constant width and stride where 16 channels lie alone, so that it becomes straight vector code.
#define NN_FOR_WIDTH(function, w, width, ...)                                          \
  do {                                                                                 \
    if ((width) == LANES && (w).stride == LANES)                                       \
      function((walk){(w).strips, (w).rows, LANES, (w).step}, LANES, __VA_ARGS__);     \
    else                                                                               \
      function(w, width, __VA_ARGS__);                                                 \
  } while (0)

// total += x - x0, total_squares += (x - x0)^2, x0 the first row, which lies within some deviations of the mean, so
// that one pass is enough.
NN_INLINE void strip_moments(
    walk w, int64_t width, const float *restrict x, double *restrict total, double *restrict total_squares) {
  float sums[BLOCK], squares[BLOCK], origin[BLOCK];
  for (int64_t k = 0; k < width; k++) origin[k] = x[k];
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t first = 0; first < w.rows; first += CHUNK) {
      for (int64_t k = 0; k < width; k++) sums[k] = squares[k] = 0.0f;
      int64_t last = w.rows - first < CHUNK ? w.rows : first + CHUNK, r = first;
      for (; r + 4 <= last; r += 4) {
        const float *a = x + strip * w.step + r * w.stride, *b = a + w.stride, *c = b + w.stride, *d = c + w.stride;
        for (int64_t k = 0; k < width; k++) {
          float o = origin[k], p = a[k] - o, q = b[k] - o, s = c[k] - o, t = d[k] - o;
          sums[k] += (p + q) + (s + t);
          squares[k] += (p * p + q * q) + (s * s + t * t);
        }
      }
      for (; r < last; r++)
        for (int64_t k = 0; k < width; k++) {
          float p = x[strip * w.step + r * w.stride + k] - origin[k];
          sums[k] += p;
          squares[k] += p * p;
        }
      for (int64_t k = 0; k < width; k++) {
        total[k] += (double)sums[k];
        total_squares[k] += (double)squares[k];
      }
    }
}

// What one channel does: y = (x - mean) * gain + shift.
typedef struct {
  const float *mean, *gain, *shift;
} channel_map;

NN_INLINE void apply_strips(
    walk w, int64_t width, const float *restrict x, const float *restrict residual, float *restrict y,
    channel_map map, int relu) {
  const float *restrict mean = map.mean, *restrict gain = map.gain, *restrict shift = map.shift;
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
    walk w, int64_t width, const float *x, const float *residual, float *y, channel_map map, int relu) {
  if (residual && relu)
    apply_strips(w, width, x, residual, y, map, 1);
  else if (residual)
    apply_strips(w, width, x, residual, y, map, 0);
  else if (relu)
    apply_strips(w, width, x, NULL, y, map, 1);
  else
    apply_strips(w, width, x, NULL, y, map, 0);
}

// How the ReLU's slope is known: there is none; from the output; or, without a residual, from the input, computed as
// apply_strips did (one array less to read).
enum { NO_RELU, RELU_OF_OUTPUT, RELU_OF_INPUT };

NN_INLINE float behind_relu(float g, const float *x, const float *y, channel_map m, int64_t k, int relu) {
  if (relu == RELU_OF_OUTPUT) return y[k] > 0.0f ? g : 0.0f;
  if (relu == RELU_OF_INPUT) {
    float v = (x[k] - m.mean[k]) * m.gain[k] + m.shift[k];
    return v > 0.0f ? g : 0.0f;
  }
  return g;
}

// One walk's gradient arrays; gresidual may be NULL.
typedef struct {
  const float *x, *y, *gy;
  float *gresidual;
} gradient_source;

// total += g, total_product += g (x - mean), g the gradient behind the ReLU, also written or added to gresidual.
NN_INLINE void gradient_sums(
    walk w, int64_t width, gradient_source q, channel_map m, double *restrict total, double *restrict total_product,
    int relu, int residual, int adds) {
  float sums[BLOCK], products[BLOCK];
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t first = 0; first < w.rows; first += CHUNK) {
      for (int64_t k = 0; k < width; k++) sums[k] = products[k] = 0.0f;
      int64_t last = w.rows - first < CHUNK ? w.rows : first + CHUNK;
      for (int64_t r = first; r < last; r += 2) {
        // The last row of an odd number is read twice and counted once.
        int64_t i = strip * w.step + r * w.stride, j = r + 1 < last ? i + w.stride : i;
        float second = r + 1 < last ? 1.0f : 0.0f;
        const float *restrict xa = q.x + i, *restrict xb = q.x + j, *restrict ga = q.gy + i, *restrict gb = q.gy + j;
        const float *restrict ya = q.y + i, *restrict yb = q.y + j;
        float *ra = residual ? q.gresidual + i : NULL, *rb = residual ? q.gresidual + j : NULL;
        for (int64_t k = 0; k < width; k++) {
          float a = behind_relu(ga[k], xa, ya, m, k, relu), b = behind_relu(gb[k], xb, yb, m, k, relu);
          if (residual) {
            float na = adds ? ra[k] + a : a, nb = adds ? rb[k] + b : b;
            rb[k] = nb;
            ra[k] = na;
          }
          b *= second;
          sums[k] += a + b;
          products[k] += a * (xa[k] - m.mean[k]) + b * (xb[k] - m.mean[k]);
        }
      }
      for (int64_t k = 0; k < width; k++) {
        total[k] += (double)sums[k];
        total_product[k] += (double)products[k];
      }
    }
}

NN_INLINE void sums_kinds(
    walk w, int64_t width, gradient_source q, channel_map m, double *total, double *product, int relu, int adds) {
  int residual = q.gresidual != NULL;
  if (relu == RELU_OF_INPUT)
    gradient_sums(w, width, q, m, total, product, RELU_OF_INPUT, 0, 0);
  else if (relu && !residual)
    gradient_sums(w, width, q, m, total, product, RELU_OF_OUTPUT, 0, 0);
  else if (relu && !adds)
    gradient_sums(w, width, q, m, total, product, RELU_OF_OUTPUT, 1, 0);
  else if (relu)
    gradient_sums(w, width, q, m, total, product, RELU_OF_OUTPUT, 1, 1);
  else if (!residual)
    gradient_sums(w, width, q, m, total, product, NO_RELU, 0, 0);
  else if (!adds)
    gradient_sums(w, width, q, m, total, product, NO_RELU, 1, 0);
  else
    gradient_sums(w, width, q, m, total, product, NO_RELU, 1, 1);
}

// gx = or += a g + b (x - mean) + c.
typedef struct {
  const float *a, *b, *c;
} gradient_map;

NN_INLINE void input_gradient(
    walk w, int64_t width, gradient_source q, float *gx, channel_map m, gradient_map f, int relu, int adds) {
  const float *restrict a = f.a, *restrict b = f.b, *restrict c = f.c, *restrict mean = m.mean;
  for (int64_t strip = 0; strip < w.strips; strip++)
    for (int64_t r = 0; r < w.rows; r++) {
      int64_t at = strip * w.step + r * w.stride;
      const float *restrict x = q.x + at, *restrict y = q.y + at, *restrict gy = q.gy + at;
      float *restrict target = gx + at;
      for (int64_t k = 0; k < width; k++) {
        float v = a[k] * behind_relu(gy[k], x, y, m, k, relu) + (b[k] * (x[k] - mean[k]) + c[k]);
        target[k] = adds ? target[k] + v : v;
      }
    }
}

NN_INLINE void input_kinds(
    walk w, int64_t width, gradient_source q, float *gx, channel_map m, gradient_map f, int relu, int adds) {
  if (relu == RELU_OF_INPUT && adds)
    input_gradient(w, width, q, gx, m, f, RELU_OF_INPUT, 1);
  else if (relu == RELU_OF_INPUT)
    input_gradient(w, width, q, gx, m, f, RELU_OF_INPUT, 0);
  else if (relu && adds)
    input_gradient(w, width, q, gx, m, f, RELU_OF_OUTPUT, 1);
  else if (relu)
    input_gradient(w, width, q, gx, m, f, RELU_OF_OUTPUT, 0);
  else if (adds)
    input_gradient(w, width, q, gx, m, f, NO_RELU, 1);
  else
    input_gradient(w, width, q, gx, m, f, NO_RELU, 0);
}

#endif
