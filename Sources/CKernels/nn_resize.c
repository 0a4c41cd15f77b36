#include "include/nn_kernels.h"
#include "nn_target.h"

NN_KERNEL void nn_resize_forward(
    const float *restrict x, const float *restrict adding, float *restrict y, const nn_resize_shape *s) {
  int64_t c = s->channels, out = 0;
  for (int64_t n = 0; n < s->images; n++)
    for (int64_t oy = 0; oy < s->out_height; oy++) {
      nn_tap v = s->row_taps[oy];
      const float *low = x + (n * s->height + v.low) * s->width * c;
      const float *high = x + (n * s->height + v.high) * s->width * c;
      for (int64_t ox = 0; ox < s->out_width; ox++, out += c) {
        nn_tap h = s->column_taps[ox];
        const float *a = low + h.low * c, *b = low + h.high * c, *d = high + h.low * c, *e = high + h.high * c;
        float *yo = y + out;
        if (s->nearest && adding) {
          for (int64_t k = 0; k < c; k++) yo[k] = a[k] + adding[out + k];
        } else if (s->nearest) {
          for (int64_t k = 0; k < c; k++) yo[k] = a[k];
        } else {
          float p = h.fraction, q = v.fraction;
          for (int64_t k = 0; k < c; k++) {
            float sum = (1.0f - q) * ((1.0f - p) * a[k] + p * b[k]) + q * ((1.0f - p) * d[k] + p * e[k]);
            yo[k] = adding ? sum + adding[out + k] : sum;
          }
        }
      }
    }
}

NN_KERNEL void nn_resize_backward(const float *restrict gy, float *restrict gx, const nn_resize_shape *s) {
  int64_t c = s->channels, out = 0;
  for (int64_t n = 0; n < s->images; n++)
    for (int64_t oy = 0; oy < s->out_height; oy++) {
      nn_tap v = s->row_taps[oy];
      float *low = gx + (n * s->height + v.low) * s->width * c;
      float *high = gx + (n * s->height + v.high) * s->width * c;
      for (int64_t ox = 0; ox < s->out_width; ox++, out += c) {
        nn_tap h = s->column_taps[ox];
        float *a = low + h.low * c, *b = low + h.high * c, *d = high + h.low * c, *e = high + h.high * c;
        const float *g = gy + out;
        float p = h.fraction, q = v.fraction;
        if (s->nearest) {
          for (int64_t k = 0; k < c; k++) a[k] += g[k];
          continue;
        }
        // The four targets may be one and the same at the border: one after another.
        for (int64_t k = 0; k < c; k++) a[k] += (1.0f - q) * (1.0f - p) * g[k];
        for (int64_t k = 0; k < c; k++) b[k] += (1.0f - q) * p * g[k];
        for (int64_t k = 0; k < c; k++) d[k] += q * (1.0f - p) * g[k];
        for (int64_t k = 0; k < c; k++) e[k] += q * p * g[k];
      }
    }
}
