// The segmentation kernels for any processor.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#define SEG(name) segment_baseline_##name
#define FK_WIDTH 4
#if defined(__aarch64__)
#define FK_FMA
#endif
#include "segment_body.h"
