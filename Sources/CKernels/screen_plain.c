// The screen's kernels with the elementary functions of the plain evaluator: libm's, lane by lane.
#pragma STDC FP_CONTRACT OFF
#define SK(name) screen_plain_##name
#define SK_LIBM
#include "screen_body.h"
