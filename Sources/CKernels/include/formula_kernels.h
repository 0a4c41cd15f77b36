// Value and gradient of a compiled formula over one block of rows, in single precision.
#ifndef FORMULA_KERNELS_H
#define FORMULA_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The operations; equal to `Primitive.code` in Swift. A leaf computes nothing and collects a gradient.
enum formula_op {
  FORMULA_LEAF = 0, FORMULA_NEG = 1, FORMULA_EXP = 2, FORMULA_LOG = 3, FORMULA_ABS = 4, FORMULA_SQRT = 5,
  FORMULA_SOFTMAX = 6, FORMULA_SOFTPLUS = 7, FORMULA_SIG = 8, FORMULA_SGDF = 9, FORMULA_SALF = 10,
  FORMULA_SERF = 11, FORMULA_TANH = 12, FORMULA_SIN = 13, FORMULA_COS = 14, FORMULA_RELU = 15, FORMULA_ADD = 16,
  FORMULA_SUB = 17, FORMULA_MUL = 18, FORMULA_DIV = 19, FORMULA_DOT = 20
};

// How many numbers a value has: one, one a row, or one for each row and class.
enum formula_extent { FORMULA_ONE = 0, FORMULA_ROWS = 1, FORMULA_ELEMENTS = 2 };

// One operation: registers are indices into the tables of the block.
typedef struct {
  int32_t op;
  int32_t out, a, b;           // b is unused by operations of one argument
  uint8_t extent;              // of the operands joined (the result too, but for DOT, which has one axis less)
  uint8_t a_extent, b_extent;  // either FORMULA_ONE or `extent`
  uint8_t a_first, b_first;    // the first to write into the operand's gradient stores, later ones add
} formula_step;

// The instruction sets the kernels are compiled for.
enum formula_level { FORMULA_BASELINE = 0, FORMULA_AVX2 = 1, FORMULA_AVX512 = 2 };

// The best level this processor has.
int formula_best_level(void);

// Runs the steps in order: values[step.out] from values[step.a], values[step.b].
void formula_forward(int level, const formula_step *steps, int32_t count, int32_t rows, int32_t classes,
                     float *const *values);

// Runs the steps backwards: from gradients[step.out] to gradients[step.a] and [step.b]; a null entry wants none.
void formula_backward(int level, const formula_step *steps, int32_t count, int32_t rows, int32_t classes,
                      float *const *values, float *const *gradients);

#ifdef __cplusplus
}
#endif
#endif
