#include "include/nn_kernels.h"
#include "nn_target.h"

// The part of a window that lies inside the input, along one axis.
typedef struct {
  int64_t first, last, origin;   // input indices first ..< last; origin of the window, may be negative
} span;

NN_INLINE span inside(int64_t output, int64_t kernel, int64_t stride, int64_t padding, int64_t extent) {
  int64_t origin = output * stride - padding;
  span s = {origin < 0 ? 0 : origin, origin + kernel < extent ? origin + kernel : extent, origin};
  return s;
}

NN_KERNEL void nn_max_pool_forward(
    const float *restrict x, float *restrict y, uint8_t *restrict places, const nn_window *w) {
  int64_t channels = w->channels, out = 0;
  for (int64_t n = 0; n < w->images; n++)
    for (int64_t oy = 0; oy < w->out_height; oy++)
      for (int64_t ox = 0; ox < w->out_width; ox++, out += channels) {
        span v = inside(oy, w->kernel_height, w->stride_height, w->padding_height, w->height);
        span h = inside(ox, w->kernel_width, w->stride_width, w->padding_width, w->width);
        float *yo = y + out;
        uint8_t *po = places + out;
        for (int64_t k = 0; k < channels; k++) yo[k] = -__builtin_inff();
        for (int64_t iy = v.first; iy < v.last; iy++)
          for (int64_t ix = h.first; ix < h.last; ix++) {
            const float *xi = x + ((n * w->height + iy) * w->width + ix) * channels;
            uint8_t place = (uint8_t)((iy - v.origin) * w->kernel_width + (ix - h.origin));
            int first = iy == v.first && ix == h.first;
            for (int64_t k = 0; k < channels; k++) {
              int better = first || xi[k] > yo[k] || xi[k] != xi[k];
              po[k] = better ? place : po[k];
              yo[k] = better ? xi[k] : yo[k];
            }
          }
      }
}

NN_KERNEL void nn_max_pool_backward(
    const float *restrict gy, const uint8_t *restrict places, float *restrict gx, const nn_window *w) {
  int64_t channels = w->channels, out = 0;
  for (int64_t n = 0; n < w->images; n++)
    for (int64_t oy = 0; oy < w->out_height; oy++)
      for (int64_t ox = 0; ox < w->out_width; ox++, out += channels) {
        span v = inside(oy, w->kernel_height, w->stride_height, w->padding_height, w->height);
        span h = inside(ox, w->kernel_width, w->stride_width, w->padding_width, w->width);
        for (int64_t iy = v.first; iy < v.last; iy++)
          for (int64_t ix = h.first; ix < h.last; ix++) {
            float *gi = gx + ((n * w->height + iy) * w->width + ix) * channels;
            uint8_t place = (uint8_t)((iy - v.origin) * w->kernel_width + (ix - h.origin));
            for (int64_t k = 0; k < channels; k++) gi[k] += places[out + k] == place ? gy[out + k] : 0.0f;
          }
      }
}

NN_INLINE float share(const nn_window *w, span v, span h, int include_padding) {
  int64_t high = v.last - v.first, wide = h.last - h.first;
  if (include_padding) {
    int64_t bottom = v.origin + w->kernel_height, right = h.origin + w->kernel_width;
    int64_t low = w->height + w->padding_height, far = w->width + w->padding_width;
    high = (bottom < low ? bottom : low) - v.origin;
    wide = (right < far ? right : far) - h.origin;
  }
  return 1.0f / (float)(high * wide);
}

NN_KERNEL void nn_average_pool_forward(
    const float *restrict x, float *restrict y, const nn_window *w, int include_padding) {
  int64_t channels = w->channels, out = 0;
  for (int64_t n = 0; n < w->images; n++)
    for (int64_t oy = 0; oy < w->out_height; oy++)
      for (int64_t ox = 0; ox < w->out_width; ox++, out += channels) {
        span v = inside(oy, w->kernel_height, w->stride_height, w->padding_height, w->height);
        span h = inside(ox, w->kernel_width, w->stride_width, w->padding_width, w->width);
        float *yo = y + out, factor = share(w, v, h, include_padding);
        for (int64_t k = 0; k < channels; k++) yo[k] = 0.0f;
        for (int64_t iy = v.first; iy < v.last; iy++)
          for (int64_t ix = h.first; ix < h.last; ix++) {
            const float *xi = x + ((n * w->height + iy) * w->width + ix) * channels;
            for (int64_t k = 0; k < channels; k++) yo[k] += xi[k];
          }
        for (int64_t k = 0; k < channels; k++) yo[k] *= factor;
      }
}

NN_KERNEL void nn_average_pool_backward(
    const float *restrict gy, float *restrict gx, const nn_window *w, int include_padding) {
  int64_t channels = w->channels, out = 0;
  for (int64_t n = 0; n < w->images; n++)
    for (int64_t oy = 0; oy < w->out_height; oy++)
      for (int64_t ox = 0; ox < w->out_width; ox++, out += channels) {
        span v = inside(oy, w->kernel_height, w->stride_height, w->padding_height, w->height);
        span h = inside(ox, w->kernel_width, w->stride_width, w->padding_width, w->width);
        float factor = share(w, v, h, include_padding);
        for (int64_t iy = v.first; iy < v.last; iy++)
          for (int64_t ix = h.first; ix < h.last; ix++) {
            float *gi = gx + ((n * w->height + iy) * w->width + ix) * channels;
            for (int64_t k = 0; k < channels; k++) gi[k] += factor * gy[out + k];
          }
      }
}

NN_KERNEL void nn_weighted_mean_forward(
    const float *restrict x, const float *restrict weights, float *restrict y, const nn_mean_shape *s) {
  for (int64_t n = 0; n < s->images; n++) {
    const float *xn = x + n * s->places * s->channels, *wn = weights + n / s->group * s->places;
    float *yn = y + n * s->channels;
    for (int64_t k = 0; k < s->channels; k++) yn[k] = 0.0f;
    for (int64_t place = 0; place < s->places; place++)
      for (int64_t k = 0; k < s->channels; k++) yn[k] += wn[place] * xn[place * s->channels + k];
  }
}

NN_KERNEL void nn_weighted_mean_backward(
    const float *restrict gy, const float *restrict weights, float *restrict gx, const nn_mean_shape *s) {
  for (int64_t n = 0; n < s->images; n++) {
    const float *gn = gy + n * s->channels, *wn = weights + n / s->group * s->places;
    float *xn = gx + n * s->places * s->channels;
    for (int64_t place = 0; place < s->places; place++)
      for (int64_t k = 0; k < s->channels; k++) xn[place * s->channels + k] += wn[place] * gn[k];
  }
}
