// Value and gradient of segmentation losses over logits: softmax over the classes, parameterised curves of the
// probabilities, sums over the pixels; and unions or maxima over square windows.
//
// Logits, probabilities and gradients are images × classes × pixels, labels images × pixels, all row-major. A label at
// or above the number of classes is ignored. `room` holds segment_room(classes) floats.
#ifndef SEGMENT_KERNELS_H
#define SEGMENT_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// One quadratic Bezier piece of a curve from `begin` to `end` > `begin`: with u = (x - begin) scale, w = (end - x) scale
// and s = sqrt(a² w + (1 - a)² u), the parameter is t = u / (a + s) and the slope (first + (last - first) t) scale / 2s.
// That is the usual solution of the quadratic without its cancellation at a = 1/2.
typedef struct {
  float begin, end;
  float scale;         // 1 / (end - begin)
  float a;             // the x of the middle control point, as a share of the piece
  float y;             // where the piece starts
  float first, last;   // twice the rise to and from the middle control point
} segment_piece;

// Pieces in the order of x; `count` is at least 1. The value is 0 for x <= 0 and 1 for x >= 1.
typedef struct {
  const segment_piece *pieces;
  int32_t count;
} segment_curve;

typedef struct {
  int64_t images, classes, pixels;
} segment_shape;

// The floats of working memory that the functions below need.
int64_t segment_room(int64_t classes);

// y and slope of a curve at n places.
void segment_curve_values(int level, const segment_curve *curve, const float *x, int64_t n, float *y, float *slopes);

// p = softmax over the classes.
void segment_softmax(int level, const segment_shape *shape, const float *logits, float *p, float *room);

// gp: on entry the gradient with respect to p, on return that with respect to the logits.
void segment_softmax_backward(int level, const segment_shape *shape, const float *p, float *gp, float *room);

// sums[c]: own curve over the pixels of class c; sums[classes + c]: other curve over the pixels of other classes.
// p and q (probabilities, and p times the slope of the curve that counts at the pixel) may both be null.
void segment_overlap(int level, const segment_shape *shape, const float *logits, const uint8_t *labels,
                     const segment_curve *own, const segment_curve *other, float *p, float *q, double *sums,
                     float *room);

// The gradient in place of p, where the derivative of the loss by a curve's value is own[c] at the pixels of class c
// and other[c] at those of other classes.
void segment_overlap_backward(int level, const segment_shape *shape, const uint8_t *labels, const float *own,
                              const float *other, const float *q, float *p, float *room);

// The sum over the pixels of weights[label] curve(probability of the label), and its gradient unless null.
double segment_accuracy(int level, const segment_shape *shape, const float *logits, const uint8_t *labels,
                        const segment_curve *curve, const float *weights, float *gradient, float *room);

// The sum over the pixels of -weight ln(probability of the label), and its gradient unless null.
double segment_cross_entropy(int level, const segment_shape *shape, const float *logits, const uint8_t *labels,
                             float weight, float *gradient, float *room);

// ---- Soft boundaries of one class of one image ----

// Planes have `stride` floats a row, a multiple of 16 that is at least `width`; what lies beyond the width is 0.
typedef struct {
  int64_t height, width, stride;
} segment_plane;

// The floats of working memory of the two functions below.
int64_t segment_plane_room(const segment_plane *plane);

// For the probabilities p (height × width) and their least in 3 × 3 windows, m: the soft edge
// e = f2(p) + f3(m) - f2(p) f3(m) - f0(p) f1(m), its slopes by p and m, and which place of the window, 0 to 8 by rows,
// holds the least first.
void segment_edges(int level, const segment_plane *plane, const segment_curve *curves, const float *p, float *e,
                   float *by_p, float *by_m, uint8_t *places, float *room);

// gp (height × width) from the gradient with respect to e.
void segment_edges_backward(int level, const segment_plane *plane, const float *ge, const float *by_p, const float *by_m,
                            const uint8_t *places, float *gp, float *room);

// Adds to sums[0] the e where bit `bit` of `near` (height × width) is set, and to sums[1] all e.
void segment_edge_sums(int level, const segment_plane *plane, const float *e, const uint64_t *near, int bit, double *sums);

// ge = near ? all + close : all.
void segment_edge_gradients(int level, const segment_plane *plane, const uint64_t *near, int bit, float all, float close,
                            float *ge);

// ---- Windows of 2 radius + 1 pixels a side, in time that does not depend on the radius ----

// Numbers of 64 bits whose order is that of the values, the earlier place above where two are equal.
void segment_keys(int level, const segment_plane *plane, const float *e, uint64_t *keys);
// The place (row · width + column) in a key.
static inline uint32_t segment_key_place(uint64_t key) { return ~(uint32_t)key; }

// The words of working memory of the functions below.
int64_t segment_window_room(int64_t height, int64_t width, int64_t radius);

// The largest of each column's 2 radius + 1 neighbours; `keys` and `result` are height × width and do not overlap.
void segment_column_largest(const uint64_t *keys, int64_t height, int64_t width, int64_t radius, uint64_t *result,
                            uint64_t *room);
// The same along one row.
void segment_row_largest(const uint64_t *row, int64_t width, int64_t radius, uint64_t *result, uint64_t *room);

// Where a pixel of a class from `first` to below `end` has a neighbour (of 8, inside the image) of another label, its word is
// 1 << (label - first), or 1 where `by_class` is 0; all other words are 0. `words` is height × width.
void segment_boundaries(const uint8_t *labels, int64_t height, int64_t width, int first, int end, int by_class,
                        uint64_t *words);

// The union of the bits of each window; `result` may be `words`.
void segment_window_union(const uint64_t *words, int64_t height, int64_t width, int64_t radius, uint64_t *result,
                          uint64_t *room);

#ifdef __cplusplus
}
#endif

#endif
