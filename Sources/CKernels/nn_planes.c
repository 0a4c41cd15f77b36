#include "include/nn_kernels.h"
#include "nn_target.h"

// One input row of one channel at the output's width.
NN_INLINE void stretch_row(const float *row, int64_t channels, const nn_resize_shape *s, float *wide) {
  for (int64_t ox = 0; ox < s->out_width; ox++) {
    nn_tap h = s->column_taps[ox];
    wide[ox] = (1.0f - h.fraction) * row[h.low * channels] + h.fraction * row[h.high * channels];
  }
}

NN_KERNEL void nn_resize_to_planes(
    const float *restrict x, float *restrict planes, const nn_resize_shape *s, float *restrict work) {
  int64_t c = s->channels, width = s->out_width;
  for (int64_t n = 0; n < s->images; n++)
    for (int64_t k = 0; k < c; k++) {
      const float *image = x + n * s->height * s->width * c + k;
      for (int64_t y = 0; y < s->height; y++) stretch_row(image + y * s->width * c, c, s, work + y * width);
      for (int64_t oy = 0; oy < s->out_height; oy++, planes += width) {
        nn_tap v = s->row_taps[oy];
        const float *low = work + v.low * width, *high = work + v.high * width;
        float q = v.fraction;
        for (int64_t ox = 0; ox < width; ox++) planes[ox] = (1.0f - q) * low[ox] + q * high[ox];
      }
    }
}

NN_KERNEL void nn_resize_to_planes_backward(
    const float *restrict gplanes, float *restrict gx, const nn_resize_shape *s, float *restrict work) {
  int64_t c = s->channels, width = s->out_width, size = s->height * s->width * c;
  memset(gx, 0, sizeof(float) * (size_t)(s->images * size));
  for (int64_t n = 0; n < s->images; n++)
    for (int64_t k = 0; k < c; k++) {
      memset(work, 0, sizeof(float) * (size_t)(s->height * width));
      for (int64_t oy = 0; oy < s->out_height; oy++, gplanes += width) {
        nn_tap v = s->row_taps[oy];
        float *low = work + v.low * width, *high = work + v.high * width;
        float q = v.fraction;
        if (v.low == v.high) {
          for (int64_t ox = 0; ox < width; ox++) low[ox] += gplanes[ox];
        } else {
          for (int64_t ox = 0; ox < width; ox++) {
            low[ox] += (1.0f - q) * gplanes[ox];
            high[ox] += q * gplanes[ox];
          }
        }
      }
      for (int64_t y = 0; y < s->height; y++) {
        const float *wide = work + y * width;
        float *row = gx + n * size + y * s->width * c + k;
        for (int64_t ox = 0; ox < width; ox++) {
          nn_tap h = s->column_taps[ox];
          row[h.low * c] += (1.0f - h.fraction) * wide[ox];
          row[h.high * c] += h.fraction * wide[ox];
        }
      }
    }
}

NN_KERNEL void nn_largest_plane(
    const float *restrict planes, uint8_t *restrict labels, int64_t images, int64_t classes, int64_t pixels,
    float *restrict best) {
  for (int64_t n = 0; n < images; n++, planes += classes * pixels, labels += pixels) {
    memcpy(best, planes, sizeof(float) * (size_t)pixels);
    memset(labels, 0, (size_t)pixels);
    for (int64_t k = 1; k < classes; k++) {
      const float *plane = planes + k * pixels;
      for (int64_t i = 0; i < pixels; i++) {
        int larger = plane[i] > best[i];
        best[i] = larger ? plane[i] : best[i];
        labels[i] = larger ? (uint8_t)k : labels[i];
      }
    }
  }
}
