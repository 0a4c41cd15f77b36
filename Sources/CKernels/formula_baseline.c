// The kernels for any processor.
#define FK(name) formula_baseline_##name
#include "formula_body.h"
