// A machine that runs compiled formulas in single precision; see Program.swift for the whole picture.
//
// The machine has one accumulator: a tile of 8 vectors held in registers. An instruction reads the accumulator, its
// operand, or both, and leaves its result in the accumulator. Operands are tiles in memory named by a table of
// pointers: constants first, then places of the machine's own, then the caller's arrays.
#ifndef FORMULA_KERNELS_H
#define FORMULA_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Operations with an operand come in three forms (add the form to the code).
enum formula_form {
  FORMULA_TILE = 0,   // the operand is a tile
  FORMULA_SPLAT = 1,  // the operand is one vector for all: a constant
  FORMULA_ROW = 2     // the operand belongs to rows: a tile when lanes and vectors are rows, else one vector
};

// x stands for the operand, acc for the accumulator.
enum formula_op {
  FORMULA_END = 0,
  FORMULA_STORE = 1,     // x = acc
  FORMULA_ROW_SUM = 2,   // x += acc, class by class; the two tiles behind x are its own
  FORMULA_ROW_MAX = 3,   // x = the larger of x and acc, class by class
  FORMULA_BATCH_SUM = 4, // sum number x += acc, over all rows (and classes)
  FORMULA_SIN_COS = 5,   // acc = sin acc, x = cos acc
  FORMULA_SOFTPLUS = 6,  // acc = softplus acc, x = its slope there

  FORMULA_LOAD = 8,              // acc = x
  FORMULA_ADD = 11,              // acc + x
  FORMULA_SUB = 14,              // acc - x
  FORMULA_SUB_FROM = 17,         // x - acc
  FORMULA_MUL = 20,              // acc * x
  FORMULA_DIV = 23,              // acc / x
  FORMULA_DIV_FROM = 26,         // x / acc
  FORMULA_KEEP_UNCLAMPED = 29,   // acc where x is below the limit of Exp, else 0
  FORMULA_KEEP_POSITIVE = 32,    // acc, but 0 where x is at most 0

  FORMULA_NEG = 40,
  FORMULA_SQUARE = 41,
  FORMULA_ABS = 42,
  FORMULA_SIGN = 43,
  FORMULA_SQRT = 44,
  FORMULA_RELU = 45,
  FORMULA_EXP = 46,   // clamped
  FORMULA_LOG = 47,   // plain: what is added to the argument stands before
  FORMULA_SIG = 48,
  FORMULA_TANH = 49,
  FORMULA_ERF = 50,
  FORMULA_ATAN = 51,  // of an argument from -1 to 1
  FORMULA_GAUSS = 52,  // e^(-pi x^2 / 16), four times the slope of Serf
  FORMULA_EXP_SHIFTED = 53  // e^(acc - x), the difference not rounded; x is a ROW_MAX of acc
};

// The plain instructions (LOAD to DIV_FROM, STORE, NEG) exist in copies: add k * FORMULA_OPS for the copy k. Copies do
// the same; a program that uses another one each time is predicted better.
enum { FORMULA_OPS = 64, FORMULA_COPIES = 16 };

typedef struct {
  uint32_t op;
  uint32_t place;  // of the operand, in the table of pointers
} formula_instruction;

// The most arrays a program reads and writes: four variables, weights, a value and three gradients.
enum { FORMULA_ARRAYS = 9 };

// A compiled formula. The table of pointers holds, in this order: constants (`constants` of them), tiles of the
// machine's own (`fixed`), numbers of rows read and written, then the tiles that move with the loop: numbers of
// elements read (`inputs`) and written (`outputs`), and elements kept from one stage to a later one (`kept`).
// A stage is a run of instructions for the rows, then one for the elements; starts[2 s] and [2 s + 1] say where.
typedef struct {
  const formula_instruction *code;
  const int32_t *starts;
  int32_t stages;
  bool by_rows;  // rows of classes matter; if not, there is one stage and a batch is one long line of elements
  int32_t constants, fixed, row_inputs, row_outputs, inputs, outputs, kept;
} formula_program;

// The instruction sets the machine, and the kernels of segment_kernels.h, are compiled for.
enum formula_level { FORMULA_BASELINE = 0, FORMULA_AVX2 = 1, FORMULA_AVX512 = 2 };

// Numbers between one constant and the next: each stands as many times as the widest vector has lanes.
enum { FORMULA_CONSTANT_STRIDE = 16 };

// The best level this processor has.
int formula_best_level(void);

// The numbers of working room, and the pointers of the table, that a batch needs.
int64_t formula_room(int level, const formula_program *program, int64_t rows, int64_t classes);
int64_t formula_table(const formula_program *program);

// Runs a program over rows x classes numbers.
// table: formula_table pointers; the caller sets those of row_inputs, row_outputs, inputs and outputs to row-major
// arrays, which lose their place in it. A row output may be null: its first number then lies where the table says.
// constants: `constants` times FORMULA_CONSTANT_STRIDE numbers. room: as large as formula_room says; both aligned to
// 64 bytes. sums: one for each BATCH_SUM, added to; may be null where there are none.
void formula_run(int level, const formula_program *program, int64_t rows, int64_t classes, const float *constants,
                 float *room, float **table, double *sums);

#ifdef __cplusplus
}
#endif
#endif
