// Kernels of the neural networks: float, channels last (NHWC), one thread, no allocation.
// "rows" are channel vectors (batch * height * width); every array is row-major and may have any alignment.
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stdint.h>

// ---- Element-wise (nn_elementwise.c)

// y = max(x, 0); nan stays nan.
void nn_relu(const float *x, float *y, int64_t count);
// gx = or += gy where y > 0, else 0.
void nn_relu_backward(const float *y, const float *gy, float *gx, int64_t count, int adds);
// gy = 0 where y is not above 0.
void nn_relu_backward_in_place(const float *y, float *gy, int64_t count);
// y = a + b, then max(., 0) if relu.
void nn_add(const float *a, const float *b, float *y, int64_t count, int relu);
// target += source.
void nn_add_to(float *target, const float *source, int64_t count);
// Each row of y += bias (may be NULL), then max(., 0) if relu.
void nn_add_bias(float *y, const float *bias, int64_t rows, int64_t channels, int relu);
// sums += the sum of the rows of g.
void nn_add_column_sums(const float *g, float *sums, int64_t rows, int64_t channels);
// The sum of squares, added in double.
double nn_sum_of_squares(const float *x, int64_t count);

// ---- Batch normalization (nn_batch_norm.c)

typedef struct {
  int64_t images, rows, channels;   // rows of one image: height * width
  int blocked;                      // nChw16c (channels a multiple of 16) instead of NHWC
} nn_norm_shape;
// Mean and 1 / sqrt(variance + epsilon) of each channel; running values move by momentum (variance: unbiased).
void nn_batch_norm_statistics(
    const float *x, const nn_norm_shape *shape, float epsilon, float momentum, float *mean, float *inverse_deviation,
    float *running_mean, float *running_variance);
// The same two numbers from the running values.
void nn_batch_norm_use_running(
    int64_t channels, float epsilon, const float *running_mean, const float *running_variance, float *mean,
    float *inverse_deviation);
// y = (x - mean) * inverse_deviation * scale + shift [+ residual] [relu]; residual may be NULL.
void nn_batch_norm_apply(
    const float *x, const float *residual, float *y, const nn_norm_shape *shape, const float *scale,
    const float *shift, const float *mean, const float *inverse_deviation, int relu);

typedef struct {
  nn_norm_shape shape;
  const float *x, *y, *gy;       // input, output, gradient of the output
  float *gx;                     // gradient of the input, or NULL
  float *gresidual;              // gradient of the residual, or NULL
  int gx_adds, gresidual_adds;   // add instead of write
  int has_residual, relu, training;
  const float *scale, *shift, *mean, *inverse_deviation;
  float *gscale, *gshift;        // added to
} nn_batch_norm_gradient;
void nn_batch_norm_backward(const nn_batch_norm_gradient *call);

// ---- Group normalization (nn_group_norm.c)

// mean and inverse_deviation: images * groups, written. work: 2 * channels doubles.
void nn_group_norm_forward(
    const float *x, float *y, const nn_norm_shape *shape, int64_t groups, const float *scale, const float *shift,
    float epsilon, float *mean, float *inverse_deviation, int relu, double *work);

typedef struct {
  nn_norm_shape shape;
  int64_t groups;
  const float *x, *gy;
  float *gx;                     // or NULL
  int gx_adds, relu;
  const float *scale, *shift, *mean, *inverse_deviation;
  float *gscale, *gshift;        // added to
  double *work;                  // 2 * channels
} nn_group_norm_gradient;
void nn_group_norm_backward(const nn_group_norm_gradient *call);

// ---- Pooling (nn_pooling.c)

typedef struct {
  int64_t images, height, width, channels, out_height, out_width;
  int64_t kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
} nn_window;
// places: the index inside the window (row * kernel_width + column) of the first maximum of each output.
void nn_max_pool_forward(const float *x, float *y, uint8_t *places, const nn_window *window);
// Adds; the caller clears gx first where it must be written.
void nn_max_pool_backward(const float *gy, const uint8_t *places, float *gx, const nn_window *window);
// Divides by the window's size, or, without include_padding, by the part of it inside the input.
void nn_average_pool_forward(const float *x, float *y, const nn_window *window, int include_padding);
// Adds.
void nn_average_pool_backward(const float *gy, float *gx, const nn_window *window, int include_padding);

typedef struct {
  int64_t images, places, channels;
  int64_t group;   // images that share one row of weights
} nn_mean_shape;
// y: images * channels, the sum of weight * x over the places; weights: images / group rows of `places` numbers.
void nn_weighted_mean_forward(const float *x, const float *weights, float *y, const nn_mean_shape *shape);
// Adds.
void nn_weighted_mean_backward(const float *gy, const float *weights, float *gx, const nn_mean_shape *shape);

// ---- Resizing (nn_resize.c)

// Where one output row or column comes from: (1 - fraction) * input[low] + fraction * input[high].
typedef struct {
  int32_t low, high;
  float fraction;
} nn_tap;
typedef struct {
  int64_t images, height, width, channels, out_height, out_width;
  const nn_tap *row_taps, *column_taps;
  int nearest;   // fractions are 0
} nn_resize_shape;
// y = resized x [+ adding]; adding may be NULL.
void nn_resize_forward(const float *x, const float *adding, float *y, const nn_resize_shape *shape);
// Adds.
void nn_resize_backward(const float *gy, float *gx, const nn_resize_shape *shape);

// ---- Planes (nn_planes.c): bilinear resizing between channels last and images * channels planes of out_height * out_width

// work: height * out_width floats.
void nn_resize_to_planes(const float *x, float *planes, const nn_resize_shape *shape, float *work);
// gx is written.
void nn_resize_to_planes_backward(const float *gplanes, float *gx, const nn_resize_shape *shape, float *work);
// The class of the largest of images * classes planes at each of `pixels` places, the first of equal ones; best: `pixels`
// floats of work space. nan is never larger.
void nn_largest_plane(
    const float *planes, uint8_t *labels, int64_t images, int64_t classes, int64_t pixels, float *best);

// ---- RoIAlign of one region (nn_roi_align.c)

typedef struct {
  int64_t height, width, channels;          // of the feature map
  int64_t bins_high, bins_wide;             // of the output
  int64_t sampling_ratio;                   // 0: ceil(region / bins) samples a bin
  int aligned;                              // shift by half a pixel; otherwise sides are at least 1
  int blocked;                              // features in nChw16c instead of NHWC; the output is NHWC
  float scale;                              // image coordinates to feature coordinates
} nn_roi_shape;
// The floats of work space that the two functions need.
int64_t nn_roi_align_work(const nn_roi_shape *shape);
// features: one image's map; box: x1, y1, x2, y2 in image coordinates; y: bins_high * bins_wide * channels.
void nn_roi_align_forward(
    const float *features, const float *box, float *y, const nn_roi_shape *shape, float *work);
// Adds to gfeatures.
void nn_roi_align_backward(
    const float *gy, const float *box, float *gfeatures, const nn_roi_shape *shape, float *work);

// ---- Losses of rows (nn_losses.c)

// y = log softmax of each row.
void nn_log_softmax(const float *x, float *y, int64_t rows, int64_t classes);
// gx = gy - softmax(x) * sum(gy), from y = log softmax.
void nn_log_softmax_backward(const float *y, const float *gy, float *gx, int64_t rows, int64_t classes);
// values[r] = -log softmax(x_r)[label_r]; gx (may be NULL) = weights[r] * (softmax - one-hot). A label outside
// 0 ..< classes is ignored: value and gradient 0. weights may be NULL (1).
void nn_cross_entropy(
    const float *x, const int32_t *labels, const float *weights, float *values, float *gx, int64_t rows,
    int64_t classes);
// values = d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, d = x - t; gx (may be NULL) = weight * its slope.
void nn_smooth_l1(
    const float *x, const float *targets, const float *weights, float beta, float *values, float *gx, int64_t count);

// ---- Pixels (nn_pixels.c)

typedef struct {
  int64_t height, width, content;   // columns 0 ..< content show the picture
  float gain, offset;
  int mirrored;                     // the picture, left to right
} nn_pixel_map;
// target = pixel * gain + offset, rounded twice; both height * width * 3.
void nn_pixels(const uint8_t *pixels, float *target, const nn_pixel_map *map);

// ---- Crops (nn_crop.c)

typedef struct {
  int64_t source_width, height, width;      // of the picture; of the crop
  const nn_tap *row_taps, *column_taps;     // low < 0: outside the picture; high - low at most 1
  float gain, offset, padding;              // padding: the pixel value outside
} nn_crop;
// target = resized pixel * gain + offset, height * width * 3; work: 6 * width floats.
void nn_crop_pixels(const uint8_t *pixels, float *target, const nn_crop *crop, float *work);
// The nearest label; 255 outside.
void nn_crop_labels(const uint8_t *labels, uint8_t *target, const nn_crop *crop);

// ---- Optimizers (nn_optimizers.c), as PyTorch's; g is scaled by gradient_scale first

typedef struct {
  float rate, momentum, weight_decay, gradient_scale;
  int nesterov, first;   // first: the velocity starts as the gradient
} nn_sgd;
void nn_sgd_step(float *weights, const float *gradients, float *velocity, int64_t count, const nn_sgd *settings);

typedef struct {
  double rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
  int decoupled;         // AdamW
  int64_t step;          // counted from 1
} nn_adam;
void nn_adam_step(
    float *weights, const float *gradients, float *first_moment, float *second_moment, int64_t count,
    const nn_adam *settings);

#endif
