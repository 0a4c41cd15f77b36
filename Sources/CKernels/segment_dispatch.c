// Chooses the segmentation kernels by instruction set.
#include "formula_kernels.h"
#include "segment_kernels.h"

// Every kernel: its result, name, parameters and arguments.
#define SEG_KERNELS(DO)                                                                                             \
  DO(void, curve_values, (const segment_curve *curve, const float *x, int64_t n, float *y, float *slopes),         \
     (curve, x, n, y, slopes))                                                                                      \
  DO(void, softmax, (const segment_shape *shape, const float *logits, float *p, float *room),                      \
     (shape, logits, p, room))                                                                                      \
  DO(void, softmax_backward, (const segment_shape *shape, const float *p, float *gp, float *room),                 \
     (shape, p, gp, room))                                                                                          \
  DO(void, overlap,                                                                                                 \
     (const segment_shape *shape, const float *logits, const uint8_t *labels, const segment_curve *own,            \
      const segment_curve *other, float *p, float *q, double *sums, float *room),                                   \
     (shape, logits, labels, own, other, p, q, sums, room))                                                         \
  DO(void, overlap_backward,                                                                                        \
     (const segment_shape *shape, const uint8_t *labels, const float *own, const float *other, const float *q,     \
      float *p, float *room),                                                                                       \
     (shape, labels, own, other, q, p, room))                                                                       \
  DO(double, accuracy,                                                                                              \
     (const segment_shape *shape, const float *logits, const uint8_t *labels, const segment_curve *curve,          \
      const float *weights, float *gradient, float *room),                                                          \
     (shape, logits, labels, curve, weights, gradient, room))                                                       \
  DO(double, cross_entropy,                                                                                         \
     (const segment_shape *shape, const float *logits, const uint8_t *labels, float weight, float *gradient,       \
      float *room),                                                                                                 \
     (shape, logits, labels, weight, gradient, room))                                                               \
  DO(void, edges,                                                                                                   \
     (const segment_plane *plane, const segment_curve *curves, const float *p, float *e, float *by_p, float *by_m, \
      uint8_t *places, float *room),                                                                                \
     (plane, curves, p, e, by_p, by_m, places, room))                                                               \
  DO(void, edges_backward,                                                                                          \
     (const segment_plane *plane, const float *ge, const float *by_p, const float *by_m, const uint8_t *places,    \
      float *gp, float *room),                                                                                      \
     (plane, ge, by_p, by_m, places, gp, room))                                                                     \
  DO(void, edge_sums, (const segment_plane *plane, const float *e, const uint64_t *near, int bit, double *sums),   \
     (plane, e, near, bit, sums))                                                                                   \
  DO(void, edge_gradients,                                                                                          \
     (const segment_plane *plane, const uint64_t *near, int bit, float all, float close, float *ge),               \
     (plane, near, bit, all, close, ge))                                                                            \
  DO(void, keys, (const segment_plane *plane, const float *e, uint64_t *keys), (plane, e, keys))

#define SEG_DECLARE_BASELINE(result, name, parameters, arguments) result segment_baseline_##name parameters;
SEG_KERNELS(SEG_DECLARE_BASELINE)

#if defined(__x86_64__)
#define SEG_DECLARE(result, name, parameters, arguments) \
  result segment_avx2_##name parameters;                 \
  result segment_avx512_##name parameters;
SEG_KERNELS(SEG_DECLARE)
#define SEG_DEFINE(result, name, parameters, arguments)                                  \
  result segment_##name(int level, SEG_REST parameters) {                                \
    if (level == FORMULA_AVX512) return segment_avx512_##name arguments;                 \
    if (level == FORMULA_AVX2) return segment_avx2_##name arguments;                     \
    return segment_baseline_##name arguments;                                            \
  }
#else
#define SEG_DEFINE(result, name, parameters, arguments)   \
  result segment_##name(int level, SEG_REST parameters) { \
    (void)level;                                          \
    return segment_baseline_##name arguments;             \
  }
#endif
// The parameters without their parentheses.
#define SEG_REST(...) __VA_ARGS__
SEG_KERNELS(SEG_DEFINE)

enum { SEG_BLOCK = 128 };

int64_t segment_room(int64_t classes) { return 2 * classes * SEG_BLOCK; }

int64_t segment_plane_room(const segment_plane *plane) {
  int64_t bordered = (plane->stride + 32) * (plane->height + 2);
  return bordered + bordered / 4 + 16;
}
