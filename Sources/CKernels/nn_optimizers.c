#include <math.h>

#include "include/nn_kernels.h"
#include "nn_target.h"

NN_KERNEL void nn_sgd_step(
    float *restrict weights, const float *restrict gradients, float *restrict velocity, int64_t count,
    const nn_sgd *s) {
  float rate = s->rate, momentum = s->momentum, decay = s->weight_decay, scale = s->gradient_scale;
  int first = s->first, nesterov = s->nesterov;
  for (int64_t i = 0; i < count; i++) {
    float g = gradients[i] * scale + decay * weights[i];
    float v = first ? g : momentum * velocity[i] + g;
    velocity[i] = v;
    weights[i] -= rate * (nesterov ? g + momentum * v : v);
  }
}

NN_KERNEL void nn_adam_step(
    float *restrict weights, const float *restrict gradients, float *restrict first_moment,
    float *restrict second_moment, int64_t count, const nn_adam *s) {
  float b1 = (float)s->beta1, b2 = (float)s->beta2, scale = (float)s->gradient_scale;
  float c1 = (float)(1.0 - s->beta1), c2 = (float)(1.0 - s->beta2);
  float rate = (float)(s->rate / (1.0 - pow(s->beta1, (double)s->step)));
  float root = (float)(1.0 / sqrt(1.0 - pow(s->beta2, (double)s->step))), epsilon = (float)s->epsilon;
  float coupled = s->decoupled ? 0.0f : (float)s->weight_decay;
  float shrink = s->decoupled ? (float)(1.0 - s->rate * s->weight_decay) : 1.0f;
  for (int64_t i = 0; i < count; i++) {
    float w = weights[i] * shrink, g = gradients[i] * scale + coupled * weights[i];
    float m = first_moment[i] = b1 * first_moment[i] + c1 * g;
    float v = second_moment[i] = b2 * second_moment[i] + c2 * g * g;
    weights[i] = w - rate * m / (__builtin_sqrtf(v) * root + epsilon);
  }
}
