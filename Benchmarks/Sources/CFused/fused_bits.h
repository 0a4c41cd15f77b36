// What AVX-512 has instructions for, by the bits of a number.

static inline vf vector_reciprocal(vf d) { return 1.0f / d; }

// y 2^n; the low bits of `shifted` are n, and the result is a normal number.
static inline vf vector_scale(vf y, vf shifted, vf n) {
  (void)n;
  return (vf)((vi)y + ((vi)shifted << 23));
}

// x = m 2^e with m in [0.75, 1.5).
static inline void vector_split(vf x, vf *m, vf *e) {
  vi shifted = (vi)x + (0x3f800000 - 0x3f400000);
  *e = __builtin_convertvector((shifted >> 23) - 127, vf);
  *m = (vf)((shifted & 0x007fffff) + 0x3f400000);
}
