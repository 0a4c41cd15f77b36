// Maxima and unions over windows after van Herk and Gil & Werman: blocks as long as the window, in which values are
// gathered from either end; each window is the end of one block and the beginning of the next. Three steps a pixel and
// axis, whatever the radius.
#include "include/segment_kernels.h"
#include "nn_target.h"

NN_INLINE uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }
NN_INLINE uint64_t joined(uint64_t a, uint64_t b) { return a | b; }

NN_INLINE int64_t reach(int64_t radius, int64_t side) { return radius < side ? radius : side - 1; }

int64_t segment_window_room(int64_t height, int64_t width, int64_t radius) {
  int64_t rows = 2 * reach(radius, height) + 2, line = width + 2 * reach(radius, width) + 1;
  return rows * width + 2 * line + height * width;
}

// One row: `ends` gathers each block from its end, `running` from its beginning.
#define ROW(name, join)                                                                                       \
  NN_INLINE void name(const uint64_t *row, int64_t width, int64_t radius, uint64_t *result, uint64_t *room) { \
    int64_t r = reach(radius, width), length = 2 * r + 1, all = width + 2 * r;                                \
    uint64_t *line = room, *ends = room + all;                                                                \
    memset(line, 0, r * sizeof *line);                                                                        \
    memcpy(line + r, row, width * sizeof *line);                                                              \
    memset(line + r + width, 0, r * sizeof *line);                                                            \
    for (int64_t start = 0; start < all; start += length) {                                                   \
      int64_t stop = start + length < all ? start + length : all;                                             \
      uint64_t gathered = 0;                                                                                  \
      for (int64_t k = stop - 1; k >= start; k--) ends[k] = gathered = join(gathered, line[k]);               \
    }                                                                                                         \
    for (int64_t start = 0; start < width; start += length) {                                                 \
      uint64_t running = 0;                                                                                   \
      result[start] = ends[start];                                                                            \
      int64_t stop = start + length < width ? start + length : width;                                         \
      for (int64_t k = start + 1; k < stop; k++) {                                                            \
        running = join(running, line[k + 2 * r]);                                                             \
        result[k] = join(ends[k], running);                                                                   \
      }                                                                                                       \
    }                                                                                                         \
  }

// All columns at once, row by row; `ends` holds one block of rows.
#define COLUMNS(name, join)                                                                                        \
  NN_INLINE void name(const uint64_t *words, int64_t height, int64_t width, int64_t radius, uint64_t *result,      \
                      uint64_t *room) {                                                                            \
    int64_t r = reach(radius, height), length = 2 * r + 1;                                                         \
    uint64_t *ends = room, *running = room + length * width;                                                       \
    for (int64_t start = 0; start < height; start += length) {                                                     \
      for (int64_t j = length - 1; j >= 0; j--) {                                                                  \
        int64_t y = start + j - r;                                                                                 \
        uint64_t *to = ends + j * width;                                                                           \
        const uint64_t *below = j + 1 < length ? to + width : 0;                                                   \
        if (y >= 0 && y < height) {                                                                                \
          const uint64_t *from = words + y * width;                                                                \
          for (int64_t x = 0; x < width; x++) to[x] = join(from[x], below ? below[x] : 0);                         \
        } else if (below) {                                                                                        \
          memcpy(to, below, width * sizeof *to);                                                                   \
        } else {                                                                                                   \
          memset(to, 0, width * sizeof *to);                                                                       \
        }                                                                                                          \
      }                                                                                                            \
      memset(running, 0, width * sizeof *running);                                                                 \
      int64_t stop = start + length < height ? start + length : height;                                            \
      for (int64_t i = start; i < stop; i++) {                                                                     \
        const uint64_t *end = ends + (i - start) * width, *from = words + (i + r) * width;                         \
        uint64_t *to = result + i * width;                                                                         \
        if (i > start && i + r < height)                                                                           \
          for (int64_t x = 0; x < width; x++) running[x] = join(running[x], from[x]);                              \
        for (int64_t x = 0; x < width; x++) to[x] = join(end[x], running[x]);                                      \
      }                                                                                                            \
    }                                                                                                              \
  }

ROW(row_largest, larger)
ROW(row_union, joined)
COLUMNS(column_largest, larger)
COLUMNS(column_union, joined)

NN_KERNEL void segment_column_largest(const uint64_t *keys, int64_t height, int64_t width, int64_t radius,
                                      uint64_t *result, uint64_t *room) {
  column_largest(keys, height, width, radius, result, room);
}

void segment_row_largest(const uint64_t *row, int64_t width, int64_t radius, uint64_t *result, uint64_t *room) {
  row_largest(row, width, radius, result, room);
}

NN_KERNEL void segment_window_union(const uint64_t *words, int64_t height, int64_t width, int64_t radius,
                                    uint64_t *result, uint64_t *room) {
  uint64_t *columns = room, *rest = room + height * width;
  column_union(words, height, width, radius, columns, rest);
  for (int64_t y = 0; y < height; y++) row_union(columns + y * width, width, radius, result + y * width, rest);
}

NN_INLINE uint64_t boundary(const uint8_t *rows[3], int64_t left, int64_t x, int64_t right, int first, int end,
                            int by_class) {
  uint8_t label = rows[1][x], differs = 0;
  for (int k = 0; k < 3; k++) differs |= (rows[k][left] ^ label) | (rows[k][x] ^ label) | (rows[k][right] ^ label);
  uint64_t counts = differs != 0 && label >= first && label < end;
  return by_class ? counts << ((label - first) & 63) : counts;
}

NN_INLINE void boundaries(const uint8_t *labels, int64_t height, int64_t width, int first, int end, int by_class,
                          uint64_t *words) {
  for (int64_t y = 0; y < height; y++, words += width) {
    const uint8_t *row = labels + y * width;
    const uint8_t *rows[3] = {y > 0 ? row - width : row, row, y + 1 < height ? row + width : row};
    words[0] = boundary(rows, 0, 0, width > 1, first, end, by_class);
    for (int64_t x = 1; x + 1 < width; x++) words[x] = boundary(rows, x - 1, x, x + 1, first, end, by_class);
    if (width > 1) words[width - 1] = boundary(rows, width - 2, width - 1, width - 1, first, end, by_class);
  }
}

NN_KERNEL void segment_boundaries(const uint8_t *labels, int64_t height, int64_t width, int first, int end, int by_class,
                                  uint64_t *words) {
  if (by_class) {
    boundaries(labels, height, width, first, end, 1, words);
  } else {
    boundaries(labels, height, width, first, end, 0, words);
  }
}
