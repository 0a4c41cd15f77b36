// Value and gradient of many small formulas over shared probes, in double precision.
//
// Rows come in tiles of 8, one row a lane. A value of N rows and C classes holds, for each tile, C vectors of 8 numbers
// (class by class); a value of N rows one vector a tile; a number one vector with 8 equal lanes. All sums run in the
// order of the plain evaluator, products and sums are not fused, and the order of operations does not depend on the
// instruction set: every instruction set gives the same bits.
#ifndef SCREEN_KERNELS_H
#define SCREEN_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The operations; equal to `Primitive.code` in Swift. A leaf computes nothing.
enum screen_op {
  SCREEN_LEAF = 0, SCREEN_NEG = 1, SCREEN_EXP = 2, SCREEN_LOG = 3, SCREEN_ABS = 4, SCREEN_SQRT = 5,
  SCREEN_SOFTMAX = 6, SCREEN_SOFTPLUS = 7, SCREEN_SIG = 8, SCREEN_SGDF = 9, SCREEN_SALF = 10, SCREEN_SERF = 11,
  SCREEN_TANH = 12, SCREEN_SIN = 13, SCREEN_COS = 14, SCREEN_RELU = 15, SCREEN_ADD = 16, SCREEN_SUB = 17,
  SCREEN_MUL = 18, SCREEN_DIV = 19, SCREEN_DOT = 20
};

// How many numbers a value has: one, one a row, or one for each row and class.
enum screen_extent { SCREEN_ONE = 0, SCREEN_ROWS = 1, SCREEN_ELEMENTS = 2 };

// One operation; its result has the number of its place in the list.
typedef struct {
  uint8_t op;
  uint8_t extent;              // of the operands joined (the result too, but for DOT, which has one axis less)
  uint8_t a_extent, b_extent;  // either SCREEN_ONE or `extent`
  uint8_t a_depends, b_depends;  // whether the operand has a gradient
  uint8_t a_first, b_first;      // the first to write into the operand's gradient stores, later ones add
  uint8_t is_rounded;          // whether an elementary function stands below, so that operands carry rounding
  int32_t a, b;
} screen_step;

// The instruction sets the kernels are compiled for; and kernels whose elementary functions are libm's, so that they give what
// the plain evaluator gives.
enum screen_level { SCREEN_BASELINE = 0, SCREEN_AVX2 = 1, SCREEN_AVX512 = 2, SCREEN_PLAIN = 3 };

// The best level this processor has.
int screen_best_level(void);

// values[k] from the steps in order; leaves are given. Pointers are aligned to 64 bytes.
// Returns 1, and leaves the rest, when little but rounding may be left of a number: a rounded sum (or sum of products) that
// cancelled below a millionth of its terms, the logarithm of a rounded number within a millionth of 1, a small Sgdf or Salf,
// a rounded angle that is large or near a root. Else 0, as the plain kernels always do. Gradients that cancel are not looked at here.
int screen_forward(int level, const screen_step *steps, int32_t count, int32_t tiles, int32_t classes,
                   double *const *values);

// gradients[k] from gradients[count - 1], for every node that has one.
void screen_backward(int level, const screen_step *steps, int32_t count, int32_t tiles, int32_t classes,
                     double *const *values, double *const *gradients);

// For each row of an N×C value: the entry where mask is 1 (own), −own + all entries (others), and the sum of sizes.
void screen_rows(int level, const double *entries, const double *mask, int32_t tiles, int32_t classes, double *own,
                 double *others, double *size);

#ifdef __cplusplus
}
#endif
#endif
