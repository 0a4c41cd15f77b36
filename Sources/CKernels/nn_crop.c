#include "include/nn_kernels.h"
#include "nn_target.h"

// One row of the picture at the crop's columns, three numbers a pixel.
NN_INLINE void pick_row(const uint8_t *row, const nn_crop *c, float *line) {
  for (int64_t x = 0; x < c->width; x++) {
    nn_tap h = c->column_taps[x];
    float *to = line + 3 * x;
    if (h.low < 0) {
      to[0] = to[1] = to[2] = c->padding;
      continue;
    }
    const uint8_t *a = row + 3 * h.low, *b = row + 3 * h.high;
    for (int k = 0; k < 3; k++) to[k] = (1.0f - h.fraction) * (float)a[k] + h.fraction * (float)b[k];
  }
}

NN_KERNEL void nn_crop_pixels(const uint8_t *restrict pixels, float *restrict target, const nn_crop *c, float *restrict work) {
  int64_t line = 3 * c->width, stride = 3 * c->source_width;
  float gain = c->gain, offset = c->offset, padding = c->padding * gain + offset;
  float *lines[2] = {work, work + line};
  int32_t held[2] = {-1, -1};
  for (int64_t y = 0; y < c->height; y++, target += line) {
    nn_tap v = c->row_taps[y];
    if (v.low < 0) {
      for (int64_t k = 0; k < line; k++) target[k] = padding;
      continue;
    }
    // Rows are held by their parity, so that enlarging picks each of them once.
    int32_t wanted[2] = {v.low, v.high};
    for (int i = 0; i < 2; i++) {
      int slot = wanted[i] & 1;
      if (held[slot] != wanted[i]) pick_row(pixels + wanted[i] * stride, c, lines[slot]);
      held[slot] = wanted[i];
    }
    const float *low = lines[v.low & 1], *high = lines[v.high & 1];
    float q = v.fraction;
    for (int64_t k = 0; k < line; k++) target[k] = ((1.0f - q) * low[k] + q * high[k]) * gain + offset;
  }
}

void nn_crop_labels(const uint8_t *restrict labels, uint8_t *restrict target, const nn_crop *c) {
  for (int64_t y = 0; y < c->height; y++, target += c->width) {
    nn_tap v = c->row_taps[y];
    if (v.low < 0) {
      memset(target, 255, (size_t)c->width);
      continue;
    }
    const uint8_t *row = labels + (int64_t)(v.fraction < 0.5f ? v.low : v.high) * c->source_width;
    for (int64_t x = 0; x < c->width; x++) {
      nn_tap h = c->column_taps[x];
      target[x] = h.low < 0 ? 255 : row[h.fraction < 0.5f ? h.low : h.high];
    }
  }
}
