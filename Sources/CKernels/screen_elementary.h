// Elementary functions over vectors of 8 doubles without branches, within 2 ulp; nan and the infinities pass as in libm.
// The method and the coefficients of log, sin, cos and atan are those of FreeBSD's msun (Sun Microsystems, 1993), tanh's
// those of Cephes (Moshier); exp is the Taylor series to degree 13.
#include <math.h>
#include <stdint.h>

typedef double v8 __attribute__((ext_vector_type(8)));
typedef int64_t i8 __attribute__((ext_vector_type(8)));

#define SK_INLINE static inline __attribute__((always_inline))

SK_INLINE i8 sk_bits(v8 x) { return __builtin_bit_cast(i8, x); }
SK_INLINE v8 sk_double(i8 x) { return __builtin_bit_cast(v8, x); }
SK_INLINE v8 sk_abs(v8 x) { return sk_double(sk_bits(x) & 0x7fffffffffffffffll); }
// x where test holds, else y.
SK_INLINE v8 sk_pick(i8 test, v8 x, v8 y) { return sk_double((test & sk_bits(x)) | (~test & sk_bits(y))); }
SK_INLINE v8 sk_same(double x) { return (v8){x, x, x, x, x, x, x, x}; }
SK_INLINE int sk_any(i8 test) { return __builtin_reduce_or(test) != 0; }

#ifdef SK_LIBM
// What the plain evaluator computes, in its order; bit for bit.
#define SK_LANES(expression)                    \
  v8 y;                                         \
  for (int lane = 0; lane < 8; lane++) {        \
    double a = x[lane];                         \
    y[lane] = (expression);                     \
  }                                             \
  return y;

SK_INLINE v8 sk_exp(v8 x) { SK_LANES(exp(a)) }
SK_INLINE v8 sk_log(v8 x) { SK_LANES(log(a)) }
SK_INLINE v8 sk_softplus(v8 x) { SK_LANES(a > 20.0 ? a : log1p(exp(a))) }
SK_INLINE v8 sk_tanh(v8 x) { SK_LANES(tanh(a)) }
SK_INLINE v8 sk_circle(v8 x, int turns) { SK_LANES(turns ? cos(a) : sin(a)) }
SK_INLINE v8 sk_atan_unit(v8 x) { SK_LANES(atan(a)) }

#else
#define SK_MAGIC 6755399441055744.0  // 1.5 * 2^52: the sum's low bits are the nearest integer

// e^x for x of at most 700; 0 below the smallest subnormal.
SK_INLINE v8 sk_exp(v8 x) {
  v8 low = sk_same(-746.0);
  v8 bounded = sk_pick(x < low, low, x);
  v8 shifted = bounded * 1.44269504088896338700e+00 + SK_MAGIC;
  v8 n = shifted - SK_MAGIC;
  v8 r = (bounded - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  v8 r2 = r * r, r4 = r2 * r2;
  v8 q0 = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  v8 q1 = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  v8 q2 = (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800.0));
  v8 y = 1.0 + (r + r2 * (q0 + r4 * (q1 + r4 * q2)));
  i8 power = sk_bits(shifted) - sk_bits(sk_same(SK_MAGIC));
  i8 half = power >> 1;  // two factors, so that subnormal results come out
  return (y * sk_double((half + 1023) << 52)) * sk_double((power - half + 1023) << 52);
}

// ln x; -inf at 0, not a number below.
SK_INLINE v8 sk_log(v8 x) {
  i8 tiny = x < 2.2250738585072014e-308;
  v8 scaled = sk_pick(tiny, x * 18014398509481984.0, x);
  i8 shifted = sk_bits(scaled) + (0x3ff0000000000000ll - 0x3fe6a09e667f3bcdll);
  i8 exponent = ((shifted >> 52) & 0xfff) - 1023 + (tiny & -54);
  v8 f = sk_double((shifted & 0x000fffffffffffffll) + 0x3fe6a09e667f3bcdll) - 1.0;
  v8 e = sk_double(exponent + sk_bits(sk_same(SK_MAGIC))) - SK_MAGIC;
  v8 s = f / (2.0 + f);
  v8 z = s * s, w = z * z;
  v8 t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  v8 t2 = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  v8 half = 0.5 * f * f;
  v8 y = e * 6.93147180369123816490e-01 - ((half - (s * (half + (t1 + t2)) + e * 1.90821492927058770002e-10)) - f);
  y = sk_pick(x == 0.0, sk_same(-__builtin_inf()), y);
  y = sk_pick(x < 0.0, sk_same(__builtin_nan("")), y);
  y = sk_pick(x == __builtin_inf(), x, y);
  return sk_pick(x != x, x, y);
}

// ln(1 + e^x) up to 20, x above; the rounding of 1 + e^x is put back.
SK_INLINE v8 sk_softplus(v8 x) {
  v8 z = sk_exp(sk_pick(x > 20.0, sk_same(20.0), x));
  v8 u = 1.0 + z;
  v8 y = sk_log(u) + (z - (u - 1.0)) / u;
  return sk_pick(x > 20.0, x, y);
}

SK_INLINE v8 sk_tanh(v8 x) {
  v8 a = sk_abs(x);
  v8 z = x * x;
  v8 p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
  v8 q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
  v8 small = x + x * (z * (p / q));
  v8 large = 1.0 - 2.0 / (sk_exp(sk_pick(a > 30.0, sk_same(60.0), 2.0 * a)) + 1.0);
  large = sk_pick(x < 0.0, -large, large);
  return sk_pick(x != x, x, sk_pick(a < 0.625, small, large));
}

// The arc tangent of t in [-1, 1].
SK_INLINE v8 sk_atan_unit(v8 t) {
  v8 a = sk_abs(t);
  i8 upper = a > 0.41421356237309503;
  v8 x = sk_pick(upper, (a - 1.0) / (a + 1.0), a);
  v8 z = x * x, w = z * z;
  v8 s1 = z * (3.33333333333329318027e-01 + w * (1.42857142725034663711e-01 + w * (9.09088713343650656196e-02 + w * (6.66107313738753120669e-02 + w * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02)))));
  v8 s2 = w * (-1.99999999998764832476e-01 + w * (-1.11111104054623557880e-01 + w * (-7.69187620504482999495e-02 + w * (-5.83357013379057348645e-02 + w * -3.65315727442169155270e-02))));
  v8 y = x - x * (s1 + s2);
  y = sk_pick(upper, 7.85398163397448278999e-01 + (y + 3.06161699786838301793e-17), y);
  return sk_pick(t < 0.0, -y, y);
}

// Largest argument of the reduction below; beyond it libm is asked.
#define SK_CIRCLE_LIMIT 1.0e6

// sin(x) where turns is 0, cos(x) where it is 1.
SK_INLINE v8 sk_circle(v8 x, int turns) {
  v8 shifted = x * 6.36619772367581382433e-01 + SK_MAGIC;
  v8 n = shifted - SK_MAGIC;
  v8 r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) - n * 2.02226624879595063154e-21;
  i8 quadrant = sk_bits(shifted) + turns;
  v8 z = r * r, w = z * z;
  v8 sine = r + (z * r) * (-1.66666666666666324348e-01 + z * ((8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * 2.75573137070700676789e-06)) + z * w * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
  v8 c = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * 2.48015872894767294178e-05)) + w * w * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11));
  v8 half = 0.5 * z, head = 1.0 - half;
  v8 cosine = head + (((1.0 - head) - half) + z * c);
  v8 y = sk_pick((quadrant & 1) != 0, cosine, sine);
  y = sk_double(sk_bits(y) ^ ((quadrant & 2) << 62));
  if (sk_any(!(sk_abs(x) < SK_CIRCLE_LIMIT))) {
    for (int lane = 0; lane < 8; lane++)
      if (!(fabs(x[lane]) < SK_CIRCLE_LIMIT)) y[lane] = turns ? cos(x[lane]) : sin(x[lane]);
  }
  return y;
}
#endif

SK_INLINE v8 sk_sig(v8 x) {
  v8 z = sk_exp(-sk_abs(x));
  return sk_pick(x < 0.0, z, sk_same(1.0)) / (1.0 + z);
}

SK_INLINE v8 sk_sgdf(v8 x) {
  return (1.0 + 1.27323954473516276487 * sk_atan_unit(sk_tanh(3.14159265358979311600 * x / 8.0))) / 2.0;
}

// (1 + erf(x sqrt(pi)/4)) / 2; erf by libm, lane by lane.
SK_INLINE v8 sk_serf(v8 x) {
  v8 v = x * 1.77245385090551588192 / 4.0, y;
  for (int lane = 0; lane < 8; lane++) y[lane] = erf(v[lane]);
  return (1.0 + y) / 2.0;
}
