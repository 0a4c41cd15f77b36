#include "include/nn_kernels.h"
#include "nn_target.h"

NN_KERNEL void nn_pixels(const uint8_t *restrict pixels, float *restrict target, const nn_pixel_map *map) {
#pragma STDC FP_CONTRACT OFF
  float gain = map->gain, offset = map->offset;
  int64_t line = map->width * 3, content = map->mirrored ? map->content : 0;
  for (int64_t y = 0; y < map->height; y++, pixels += line, target += line) {
    for (int64_t x = 0; x < content; x++)
      for (int64_t c = 0; c < 3; c++) target[x * 3 + c] = (float)pixels[(content - 1 - x) * 3 + c] * gain + offset;
    for (int64_t k = content * 3; k < line; k++) target[k] = (float)pixels[k] * gain + offset;
  }
}
