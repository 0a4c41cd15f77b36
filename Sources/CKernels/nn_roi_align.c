#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

// RoIAlign (He et al., 2017) averages bilinear samples on a grid in each bin. Sample weights are products of a row
// weight and a column weight, so for each bin the samples' weights are first added up to one dense run of row weights
// and one of column weights; a bin is then the doubly weighted sum over a small rectangle of channel vectors.

// One axis: bin b takes inputs first[b] ..< first[b] + count[b] with weights at place[b].
typedef struct {
  int64_t first, count, place;
} run;

enum { MOST_BINS = 64 };

int64_t nn_roi_align_work(const nn_roi_shape *s) { return s->bins_high * s->height + s->bins_wide * s->width; }

static void axis_runs(
    float low, float high, float scale, int aligned, int64_t bins, int64_t ratio, int64_t extent, run *runs,
    float *weights) {
  float start = low * scale - (aligned ? 0.5f : 0.0f), end = high * scale - (aligned ? 0.5f : 0.0f);
  float side = end - start;
  if (!aligned && side < 1.0f) side = 1.0f;
  float bin = side / (float)bins;
  // A side that is no number, or beyond every image, gets no samples, so the region comes out as zeros.
  int64_t grid = ratio > 0 ? ratio : bin > 0.0f && bin < 65536.0f ? (int64_t)ceilf(bin) : 0;
  float part = grid > 0 ? 1.0f / (float)grid : 0.0f;
  for (int64_t b = 0; b < bins; b++) {
    float *w = weights + b * extent;
    run r = {0, 0, b * extent};
    for (int64_t i = 0; i < grid; i++) {
      float at = start + (float)b * bin + ((float)i + 0.5f) * bin / (float)grid;
      if (!(at >= -1.0f && at <= (float)extent)) continue;
      if (at < 0.0f) at = 0.0f;
      int64_t below = (int64_t)at, above = below + 1;
      if (below >= extent - 1) {
        below = above = extent - 1;
        at = (float)below;
      }
      float fraction = at - (float)below;
      // Samples go up (or, for inverted boxes, down): the run grows at either end with zeros.
      if (r.count == 0) {
        r.first = below;
        r.count = 1;
        w[below] = 0.0f;
      }
      while (r.first > below) w[--r.first] = 0.0f, r.count++;
      while (r.first + r.count <= above) w[r.first + r.count++] = 0.0f;
      w[below] += (1.0f - fraction) * part;
      w[above] += fraction * part;
    }
    runs[b] = r;
  }
}

// Where channel k of a pixel lies: 16 neighbours together, the next 16 a `plane` on (NHWC: at once).
typedef struct {
  int64_t pixel, line, plane;   // floats from a pixel to the next in a row, from a row to the next, between 16 channels
} feature_steps;

static feature_steps steps_of(const nn_roi_shape *s) {
  if (s->blocked) return (feature_steps){16, s->width * 16, s->height * s->width * 16};
  return (feature_steps){s->channels, s->width * s->channels, 16};
}

// y[0..<16 * parts] of one bin.
#define BIN_SUM(parts)                                                                \
  do {                                                                                \
    nn_v16 sum[parts];                                                                \
    for (int p = 0; p < parts; p++) sum[p] = (nn_v16){0};                             \
    for (int64_t i = 0; i < v.count; i++) {                                           \
      const float *f = corner + i * t.line + k / 16 * t.plane;                        \
      for (int64_t j = 0; j < h.count; j++, f += t.pixel) {                           \
        float weight = row[i] * column[j];                                            \
        for (int p = 0; p < parts; p++) sum[p] += weight * NN_FROM(f + t.plane * p);  \
      }                                                                               \
    }                                                                                 \
    for (int p = 0; p < parts; p++) NN_AT(yo + k + 16 * p) = sum[p];                  \
  } while (0)

NN_KERNEL static void bins_forward(
    const float *features, float *y, const nn_roi_shape *s, const run *vertical, const run *horizontal,
    const float *row_weights, const float *column_weights) {
  feature_steps t = steps_of(s);
  int64_t c = s->channels;
  for (int64_t by = 0; by < s->bins_high; by++)
    for (int64_t bx = 0; bx < s->bins_wide; bx++) {
      run v = vertical[by], h = horizontal[bx];
      const float *row = row_weights + v.place + v.first, *column = column_weights + h.place + h.first;
      const float *corner = features + v.first * t.line + h.first * t.pixel;
      float *yo = y + (by * s->bins_wide + bx) * c;
      int64_t k = 0;
      for (; k + 64 <= c; k += 64) BIN_SUM(4);
      for (; k + 16 <= c; k += 16) BIN_SUM(1);
      for (; k < c; k++) {
        float sum = 0.0f;
        for (int64_t i = 0; i < v.count; i++)
          for (int64_t j = 0; j < h.count; j++) sum += row[i] * column[j] * corner[i * t.line + j * t.pixel + k];
        yo[k] = sum;
      }
    }
}

NN_KERNEL static void bins_backward(
    const float *gy, float *gfeatures, const nn_roi_shape *s, const run *vertical, const run *horizontal,
    const float *row_weights, const float *column_weights) {
  feature_steps t = steps_of(s);
  int64_t c = s->channels;
  for (int64_t by = 0; by < s->bins_high; by++)
    for (int64_t bx = 0; bx < s->bins_wide; bx++) {
      run v = vertical[by], h = horizontal[bx];
      const float *row = row_weights + v.place + v.first, *column = column_weights + h.place + h.first;
      float *corner = gfeatures + v.first * t.line + h.first * t.pixel;
      const float *g = gy + (by * s->bins_wide + bx) * c;
      for (int64_t i = 0; i < v.count; i++)
        for (int64_t j = 0; j < h.count; j++) {
          float weight = row[i] * column[j];
          float *f = corner + i * t.line + j * t.pixel;
          int64_t k = 0;
          for (; k + 16 <= c; k += 16, f += t.plane) NN_AT(f) += weight * NN_FROM(g + k);
          for (; k < c; k++, f++) *f += weight * g[k];
        }
    }
}

void nn_roi_align_forward(const float *features, const float *box, float *y, const nn_roi_shape *s, float *work) {
  run vertical[MOST_BINS], horizontal[MOST_BINS];
  float *columns = work + s->bins_high * s->height;
  axis_runs(box[1], box[3], s->scale, s->aligned, s->bins_high, s->sampling_ratio, s->height, vertical, work);
  axis_runs(box[0], box[2], s->scale, s->aligned, s->bins_wide, s->sampling_ratio, s->width, horizontal, columns);
  bins_forward(features, y, s, vertical, horizontal, work, columns);
}

void nn_roi_align_backward(const float *gy, const float *box, float *gfeatures, const nn_roi_shape *s, float *work) {
  run vertical[MOST_BINS], horizontal[MOST_BINS];
  float *columns = work + s->bins_high * s->height;
  axis_runs(box[1], box[3], s->scale, s->aligned, s->bins_high, s->sampling_ratio, s->height, vertical, work);
  axis_runs(box[0], box[2], s->scale, s->aligned, s->bins_wide, s->sampling_ratio, s->width, horizontal, columns);
  bins_backward(gy, gfeatures, s, vertical, horizontal, work, columns);
}
