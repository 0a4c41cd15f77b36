// The loops for any processor: 4 numbers a vector.
#include <stddef.h>
#include <stdint.h>

#define FUSED(name) fused_portable_##name
#define FUSED_WIDTH 4
#define FUSED_STREAMS 0
typedef float vf __attribute__((ext_vector_type(FUSED_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(FUSED_WIDTH)));
#include "fused_bits.h"
#include "fused_body.h"
