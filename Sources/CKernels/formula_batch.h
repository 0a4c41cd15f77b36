// A program over a batch: a long line of elements, or tiles of rows turned on their side.
#include <string.h>

#include "formula_machine.h"
#include "formula_transpose.h"

// ---- Elements in a line ----

// The places of the table that move with the loop.
typedef struct {
  float **places;
  int32_t count;
} moving;

// Large arrays mostly start at the same place of a page; the processor's own prefetching then falls behind. So, from
// about the size of a second-level cache on, tiles are asked for this many steps ahead.
enum { FK_FETCH_FROM = 1 << 20, FK_FETCH_AHEAD = 4 };

FK_INLINE void fk_fetch(moving tiles) {
  for (int32_t k = 0; k < tiles.count; k++) {
    uintptr_t next = (uintptr_t)tiles.places[k] + FK_FETCH_AHEAD * FK_TILE * sizeof(float);
    for (uintptr_t line = 0; line < FK_TILE * sizeof(float); line += 64) __builtin_prefetch((void *)(next + line), 0, 2);
  }
}

FK_INLINE void fk_advance(moving tiles, int64_t step) {
  for (int32_t k = 0; k < tiles.count; k++) tiles.places[k] += step;
}

// The last elements, fewer than a tile, go through padded copies.
static void fk_line_end(const formula_program *p, const fk_context *context, float **table, moving tiles, float *padding,
                        int64_t count) {
  float *targets[FORMULA_ARRAYS];
  for (int32_t k = 0; k < tiles.count; k++) {
    float *copy = padding + k * FK_TILE;
    if (k < p->inputs) {
      memset(copy, 0, FK_TILE * sizeof(float));
      memcpy(copy, tiles.places[k], (size_t)count * sizeof(float));
    } else {
      targets[k - p->inputs] = tiles.places[k];
    }
    tiles.places[k] = copy;
  }
  fk_execute(p->code + p->starts[1], table, context);
  for (int32_t k = 0; k < p->outputs; k++) {
    memcpy(targets[k], tiles.places[p->inputs + k], (size_t)count * sizeof(float));
  }
}

// Results of more than this many bytes leave past the caches, which they would only empty: a line of memory that is
// overwritten as a whole then need not be read.
enum { FK_STREAM_FROM = 1 << 23 };

typedef float fk_quarter __attribute__((ext_vector_type(4)));

FK_INLINE void fk_stream(const float *tile, float *target) {
  if ((uintptr_t)target % sizeof(vf) == 0) {
    for (int32_t k = 0; k < FK_TILE; k += FK_WIDTH) {
      __builtin_nontemporal_store(*(const vf *)(tile + k), (vf *)(target + k));
    }
  } else {
    for (int32_t k = 0; k < FK_TILE; k += 4) {
      __builtin_nontemporal_store(*(const fk_quarter *)(tile + k), (fk_quarter *)(target + k));
    }
  }
}

// Whether results go past the caches: they are many, and lie on multiples of 16 bytes.
static bool fk_is_streamed(const formula_program *p, int64_t count, moving tiles) {
  if (count * p->outputs * (int64_t)sizeof(float) < FK_STREAM_FROM) return false;
  for (int32_t k = p->inputs; k < tiles.count; k++) {
    if ((uintptr_t)tiles.places[k] % sizeof(fk_quarter)) return false;
  }
  return true;
}

// As many whole tiles as there are, by way of tiles that stay in the first cache; the elements done.
static int64_t fk_stream_line(const formula_program *p, const fk_context *context, float **table, moving tiles,
                              float *padding, int64_t count) {
  moving inputs = {tiles.places, p->inputs};
  float **outputs = tiles.places + p->inputs, *targets[FORMULA_ARRAYS];
  for (int32_t k = 0; k < p->outputs; k++) {
    targets[k] = outputs[k];
    outputs[k] = padding + k * FK_TILE;
  }
  int64_t start = 0;
  for (; start + FK_TILE <= count; start += FK_TILE) {
    fk_fetch(inputs);
    fk_execute(p->code + p->starts[1], table, context);
    fk_advance(inputs, FK_TILE);
    for (int32_t k = 0; k < p->outputs; k++) fk_stream(outputs[k], targets[k] + start);
  }
  for (int32_t k = 0; k < p->outputs; k++) outputs[k] = targets[k] + start;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return start;
}

static void fk_run_line(const formula_program *p, int64_t count, float **table, float *padding) {
  fk_context context = {.wide = false};
  moving tiles = {table + p->constants + p->fixed, p->inputs + p->outputs};
  const formula_instruction *code = p->code + p->starts[1];
  int64_t start = 0;
  bool is_large = count * tiles.count * (int64_t)sizeof(float) >= FK_FETCH_FROM;
  if (fk_is_streamed(p, count, tiles)) start = fk_stream_line(p, &context, table, tiles, padding, count);
  for (; start + FK_TILE <= count; start += FK_TILE) {
    if (is_large) fk_fetch(tiles);
    fk_execute(code, table, &context);
    fk_advance(tiles, FK_TILE);
  }
  if (start < count) fk_line_end(p, &context, table, tiles, padding, count - start);
}

// ---- Rows of classes ----

// How a tile of rows lies in memory: element (row, class) at class * stride + row.
typedef struct {
  bool wide;
  int32_t rows;     // of a tile
  int32_t stride;   // from class to class
  int32_t classes;  // of a group, the tile of one step of the loop
  int64_t groups;
} arrangement;

// Narrow: all vectors of a group are rows of one class. Wide: each vector is FK_WIDTH rows of one class. Both
// compute every row alike, bit for bit; the choice is by work (padding counts) and by the size of the tiles.
static arrangement fk_arrange(const formula_program *p, int64_t rows, int64_t classes) {
  arrangement narrow = {false, FK_TILE, FK_TILE, 1, classes};
  arrangement wide = {true, FK_WIDTH, FK_WIDTH, FK_VECTORS, (classes + FK_VECTORS - 1) / FK_VECTORS};
  int64_t work_narrow = (rows + FK_TILE - 1) / FK_TILE * classes;
  int64_t work_wide = (rows + FK_WIDTH - 1) / FK_WIDTH * wide.groups;
  int64_t size = (int64_t)(p->inputs + p->outputs + p->kept) * FK_TILE * classes * (int64_t)sizeof(float);
  return size <= 48 * 1024 && work_narrow <= work_wide ? narrow : wide;
}

// One tile: for every stage first the rows' own part, then the elements, group by group.
static void fk_run_tile(const formula_program *p, fk_context *context, arrangement a, int64_t classes, float **table,
                        moving tiles) {
  for (int32_t stage = 0; stage < p->stages; stage++) {
    context->wide = false;
    fk_execute(p->code + p->starts[2 * stage], table, context);
    const formula_instruction *code = p->code + p->starts[2 * stage + 1];
    if (code->op == FORMULA_END) continue;
    context->wide = a.wide;
    for (int64_t group = 0; group < a.groups; group++) {
      int64_t left = classes - group * a.classes;
      context->classes = (int32_t)(left < a.classes ? left : a.classes);
      context->first_class = group * a.classes;
      context->is_last = group == a.groups - 1;
      fk_execute(code, table, context);
      fk_advance(tiles, FK_TILE);
    }
    fk_advance(tiles, -a.groups * FK_TILE);
  }
}

// Exchanges the caller's arrays in the table for tiles.
static void fk_take_places(float **places, int32_t count, float *tiles, int64_t size, float **arrays) {
  for (int32_t k = 0; k < count; k++) {
    if (arrays) arrays[k] = places[k];
    places[k] = tiles + k * size;
  }
}

static void fk_run_rows(const formula_program *p, int64_t rows, int64_t classes, float **table, float *room,
                        double *sums) {
  arrangement a = fk_arrange(p, rows, classes);
  float *row_arrays[FORMULA_ARRAYS], *arrays[FORMULA_ARRAYS];
  int32_t row_count = p->row_inputs + p->row_outputs, count = p->inputs + p->outputs;
  float **row_places = table + p->constants + p->fixed, **places = row_places + row_count;
  fk_take_places(row_places, row_count, room, FK_TILE, row_arrays);
  room += row_count * FK_TILE;
  fk_take_places(places, count, room, a.groups * FK_TILE, arrays);
  room += count * a.groups * FK_TILE;
  fk_take_places(places + count, p->kept, room, a.groups * FK_TILE, 0);
  moving tiles = {places, count + p->kept};
  fk_context context = {.sums = sums};
  int64_t start = 0;
  do {
    int64_t left = rows - start, numbers = left * classes;
    context.rows = (int32_t)(left < a.rows ? left : a.rows);
    size_t row_bytes = (size_t)context.rows * sizeof(float);
    for (int32_t k = 0; k < p->row_inputs; k++) memcpy(row_places[k], row_arrays[k] + start, row_bytes);
    for (int32_t k = 0; k < p->inputs; k++) {
      fk_rows_in(arrays[k] + start * classes, numbers, context.rows, classes, a.stride, places[k]);
    }
    fk_run_tile(p, &context, a, classes, table, tiles);
    for (int32_t k = p->row_inputs; k < row_count; k++) {
      if (row_arrays[k]) memcpy(row_arrays[k] + start, row_places[k], row_bytes);
    }
    for (int32_t k = p->inputs; k < count; k++) {
      fk_rows_out(places[k], a.stride, context.rows, classes, arrays[k] + start * classes, numbers);
    }
    start += a.rows;
  } while (start < rows);
}

// ---- What formula_dispatch.c calls ----

int64_t FK(room)(const formula_program *p, int64_t rows, int64_t classes) {
  int64_t tiles = p->inputs + p->outputs + p->kept;
  if (!p->by_rows) return (p->fixed + tiles) * FK_TILE;
  return (p->fixed + p->row_inputs + p->row_outputs + tiles * fk_arrange(p, rows, classes).groups) * FK_TILE;
}

void FK(run)(const formula_program *p, int64_t rows, int64_t classes, const float *constants, float *room,
             float **table, double *sums) {
  for (int32_t k = 0; k < p->constants; k++) table[k] = (float *)constants + k * FORMULA_CONSTANT_STRIDE;
  for (int32_t k = 0; k < p->fixed; k++) table[p->constants + k] = room + k * FK_TILE;
  room += p->fixed * FK_TILE;
  if (p->by_rows) fk_run_rows(p, rows, classes, table, room, sums);
  else fk_run_line(p, rows * classes, table, room);
}
