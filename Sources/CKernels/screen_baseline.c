// The screen's kernels for any processor.
#pragma STDC FP_CONTRACT OFF
#define SK(name) screen_baseline_##name
#include "screen_body.h"
