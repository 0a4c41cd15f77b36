// Vectors of one instruction set: FK_WIDTH lanes of Float and the few operations C has no spelling for.
#include <stdint.h>

#if defined(FK_AVX512) || defined(FK_AVX2)
#include <immintrin.h>
#endif

typedef float vf __attribute__((ext_vector_type(FK_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(FK_WIDTH)));
typedef float vf_unaligned __attribute__((ext_vector_type(FK_WIDTH), aligned(4)));

#define FK_INLINE static inline __attribute__((always_inline))

FK_INLINE vf fk_splat(float x) { return (vf)x; }
FK_INLINE vi fk_bits(vf x) { return (vi)x; }

// a where the mask is set, else b.
FK_INLINE vf fk_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

FK_INLINE bool fk_any(vi mask) {
#if defined(FK_AVX512)
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#else
  return __builtin_reduce_or(mask) != 0;
#endif
}

// a * b + c, rounded once where the processor can.
FK_INLINE vf fk_fma(vf a, vf b, vf c) {
#if defined(FK_FMA)
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The nearest integer, for numbers below 2^22.
FK_INLINE vf fk_round(vf x) {
#if defined(FK_AVX512)
  return (vf)_mm512_roundscale_ps((__m512)x, 0);
#else
  vf magic = fk_splat(12582912.0f);  // 1.5 * 2^23
  return (x + magic) - magic;
#endif
}

// x 2^n for an integer n from -254 to 254; x near 1.
FK_INLINE vf fk_scale(vf x, vf n) {
#if defined(FK_AVX512)
  return (vf)_mm512_scalef_ps((__m512)x, (__m512)n);
#else
  vi power = __builtin_convertvector(n, vi);
  vi half = power >> 1;  // two factors, so that subnormal results come out
  vf low = (vf)((half + 127) << 23), high = (vf)((power - half + 127) << 23);
  return (x * low) * high;
#endif
}

// x = m 2^e with m from 0.75 to 1.5. Elsewhere, for the logarithm: 0 has e = -inf, infinity has e = inf, negative
// numbers and nan have m = nan.
FK_INLINE vf fk_split(vf x, vf *e) {
#if defined(FK_AVX512)
  vf m = (vf)_mm512_getmant_ps((__m512)x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  vf power = (vf)_mm512_getexp_ps((__m512)x);
  *e = fk_select(m < 1.0f, power + 1.0f, power);
  return m;
#else
  vi tiny = x < 1.17549435e-38f;
  vf scaled = fk_select(tiny, x * 8388608.0f, x);
  vi shifted = fk_bits(scaled) + (0x3f800000 - 0x3f400000);
  vf power = __builtin_convertvector((shifted >> 23) - 127 - (tiny & 23), vf);
  vf infinite = fk_splat(__builtin_inff());
  power = fk_select(x == 0.0f, -infinite, power);
  *e = fk_select(x == infinite, infinite, power);
  vf m = (vf)((shifted & 0x007fffff) + 0x3f400000);
  m = fk_select(x == 0.0f, fk_splat(1.0f), m);
  return fk_select(x >= 0.0f, m, fk_splat(__builtin_nanf("")));
#endif
}

// |x| with the sign of another number.
FK_INLINE vf fk_with_sign(vf x, vf sign) {
  return (vf)((fk_bits(x) & 0x7fffffff) | (fk_bits(sign) & (int32_t)0x80000000));
}

FK_INLINE vf fk_abs(vf x) { return (vf)(fk_bits(x) & 0x7fffffff); }
