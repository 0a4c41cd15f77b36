// Between row-major numbers and a tile in which a class's rows lie side by side.
#include <stdint.h>
#include <string.h>

// Lane l of the first and the second of two vectors whose blocks of s lanes change places off the diagonal.
#define FK_FIRST(s, l) ((l) & (s) ? FK_WIDTH + (l) - (s) : (l))
#define FK_SECOND(s, l) ((l) & (s) ? FK_WIDTH + (l) : (l) + (s))
#if FK_WIDTH == 16
#define FK_LANES(F, s)                                                                                  \
  F(s, 0), F(s, 1), F(s, 2), F(s, 3), F(s, 4), F(s, 5), F(s, 6), F(s, 7), F(s, 8), F(s, 9), F(s, 10),   \
      F(s, 11), F(s, 12), F(s, 13), F(s, 14), F(s, 15)
#elif FK_WIDTH == 8
#define FK_LANES(F, s) F(s, 0), F(s, 1), F(s, 2), F(s, 3), F(s, 4), F(s, 5), F(s, 6), F(s, 7)
#else
#define FK_LANES(F, s) F(s, 0), F(s, 1), F(s, 2), F(s, 3)
#endif

#define FK_SWAP(s)                                                                   \
  _Pragma("clang loop unroll(full)") for (int k = 0; k < FK_WIDTH; k++) {            \
    if (k & s) continue;                                                             \
    vf a = block[k], b = block[k + s];                                               \
    block[k] = __builtin_shufflevector(a, b, FK_LANES(FK_FIRST, s));                 \
    block[k + s] = __builtin_shufflevector(a, b, FK_LANES(FK_SECOND, s));            \
  }

FK_INLINE void fk_transpose(vf *block) {
  FK_SWAP(1)
  FK_SWAP(2)
#if FK_WIDTH > 4
  FK_SWAP(4)
#endif
#if FK_WIDTH > 8
  FK_SWAP(8)
#endif
}

// The first `count` lanes from memory, the others 0; `left` numbers may be read.
FK_INLINE vf fk_read(const float *from, int64_t left, int64_t count) {
  if (left >= FK_WIDTH) return *(const vf_unaligned *)from;
  vf x = fk_splat(0);
  memcpy(&x, from, (size_t)(count < left ? count : left) * sizeof(float));
  return x;
}

// rows x classes numbers to tile[class * stride + row]; `left` numbers may be read. Rows that fill up a vector are 0.
static void fk_rows_in(const float *from, int64_t left, int64_t rows, int64_t classes, int64_t stride, float *tile) {
  for (int64_t row = 0; row < rows; row += FK_WIDTH) {
    for (int64_t first = 0; first < classes; first += FK_WIDTH) {
      vf block[FK_WIDTH];
      int64_t height = rows - row < FK_WIDTH ? rows - row : FK_WIDTH;
      int64_t width = classes - first < FK_WIDTH ? classes - first : FK_WIDTH;
      if (height == FK_WIDTH && left - ((row + FK_WIDTH - 1) * classes + first) >= FK_WIDTH) {
        for (int k = 0; k < FK_WIDTH; k++) block[k] = *(const vf_unaligned *)(from + (row + k) * classes + first);
      } else {
        for (int k = 0; k < FK_WIDTH; k++) {
          int64_t place = (row + k) * classes + first;
          block[k] = k < height ? fk_read(from + place, left - place, width) : fk_splat(0);
        }
      }
      fk_transpose(block);
      for (int64_t k = 0; k < width; k++) *(vf_unaligned *)(tile + (first + k) * stride + row) = block[k];
    }
  }
}

// The way back; `left` numbers may be written. A vector written past the end of its row is overwritten by the next
// row, so rows go up and, within a block of rows, classes go down.
static void fk_rows_out(const float *tile, int64_t stride, int64_t rows, int64_t classes, float *to, int64_t left) {
  if (classes == 0) return;
  for (int64_t row = 0; row < rows; row += FK_WIDTH) {
    for (int64_t first = (classes - 1) / FK_WIDTH * FK_WIDTH; first >= 0; first -= FK_WIDTH) {
      vf block[FK_WIDTH];
      int64_t height = rows - row < FK_WIDTH ? rows - row : FK_WIDTH;
      int64_t width = classes - first < FK_WIDTH ? classes - first : FK_WIDTH;
      for (int64_t k = 0; k < FK_WIDTH; k++) {
        block[k] = *(const vf_unaligned *)(tile + (first + (k < width ? k : 0)) * stride + row);
      }
      fk_transpose(block);
      for (int64_t k = 0; k < height; k++) {
        int64_t place = (row + k) * classes + first;
        if (left - place >= FK_WIDTH) *(vf_unaligned *)(to + place) = block[k];
        else memcpy(to + place, &block[k], (size_t)width * sizeof(float));
      }
    }
  }
}
