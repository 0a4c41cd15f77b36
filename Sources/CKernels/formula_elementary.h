// Elementary functions over vectors: no branches but where all lanes are plain, no calls, single precision.
// The coefficients come from scripts/fit_elementary.py. Not a number and the infinities pass as in libm.
#include <math.h>

#include "formula_vector.h"

#define FK_EXP_LIMIT 88.0f  // where Exp clamps its argument

// x + low = n ln 2 + r with |r| at most half of ln 2; low is small beside x.
FK_INLINE vf fk_reduce(vf x, vf low, vf *n) {
  *n = fk_round((x + low) * 1.44269504f);
  vf r = fk_fma(*n, fk_splat(-0.693359375f), x);
  return fk_fma(*n, fk_splat(2.12194440e-4f), r + low);
}

// (e^r - 1 - r) / r^2.
FK_INLINE vf fk_exp_tail(vf r) {
  vf p = fk_splat(0.0013951717248f);
  p = fk_fma(p, r, fk_splat(0.0083695984104f));
  p = fk_fma(p, r, fk_splat(0.041666187284f));
  p = fk_fma(p, r, fk_splat(0.16666512888f));
  return fk_fma(p, r, fk_splat(0.5000000101f));
}

// e^r.
FK_INLINE vf fk_exp_rest(vf r) {
#if defined(FK_FMA)
  return fk_fma(fk_fma(fk_exp_tail(r), r, fk_splat(1.0f)), r, fk_splat(1.0f));
#else
  return (fk_exp_tail(r) * r) * r + r + 1.0f;
#endif
}

// e^(x + low) for a sum of at most 89 (infinite from 88.73 on) and a small low part; 0 below the smallest subnormal.
FK_INLINE vf fk_exp_sum(vf x, vf low) {
  x = fk_select(x < -104.0f, fk_splat(-104.0f), x);
  vf n, r = fk_reduce(x, low, &n);
  return fk_scale(fk_exp_rest(r), n);
}

FK_INLINE vf fk_exp(vf x) { return fk_exp_sum(x, fk_splat(-0.0f)); }

// What rounding takes from the sum a + b, exactly; not a number where the sum is not finite.
FK_INLINE vf fk_lost(vf a, vf b, vf sum) {
  vf part = sum - a;
  return (a - (sum - part)) + (b - part);
}

// For Softmax: e^(x - top) for x of at most top. The difference alone would be rounded to half a unit, which costs many
// units of its exponential. So it only says how many times, m, ln 2 is taken away; of x and top, ln 2 is taken away n = m +
// N and N times, which leaves small numbers without rounding, and these are subtracted.
#define FK_TOP_LIMIT 1024.0f
typedef struct {
  vf turns, n, rest, lowest;
} fk_top;

FK_INLINE fk_top fk_top_of(vf top) {
  vf turns = top * 1.44269504f, n = fk_round(turns);
  return (fk_top){turns, n, fk_fma(n, fk_splat(-0.693359375f), top), top - 104.0f};
}

FK_INLINE vf fk_exp_below(vf x, fk_top top) {
  x = fk_select(x < top.lowest, top.lowest, x);
  vf m = fk_round(fk_fma(x, fk_splat(1.44269504f), -top.turns));
  vf r = fk_fma(m + top.n, fk_splat(-0.693359375f), x) - top.rest;
  return fk_scale(fk_exp_rest(fk_fma(m, fk_splat(2.12194440e-4f), r)), m);
}

// The same for a top beyond FK_TOP_LIMIT, infinite or not a number: the difference in two parts.
FK_INLINE vf fk_exp_far(vf x, vf top) {
  vf shifted = x - top;
  vf low = fk_select(shifted >= -104.0f, fk_lost(x, -top, shifted), fk_splat(0.0f));
  return fk_exp_sum(shifted, low);
}

// ln x; -inf at 0, not a number below.
FK_INLINE vf fk_log(vf x) {
  vf e, f = fk_split(x, &e) - 1.0f;
  vf p = fk_splat(-0.045077024001f);
  p = fk_fma(p, f, fk_splat(0.10463418311f));
  p = fk_fma(p, f, fk_splat(-0.13161407646f));
  p = fk_fma(p, f, fk_splat(0.1447840492f));
  p = fk_fma(p, f, fk_splat(-0.16647289895f));
  p = fk_fma(p, f, fk_splat(0.19990857115f));
  p = fk_fma(p, f, fk_splat(-0.25000096369f));
  p = fk_fma(p, f, fk_splat(0.33333449236f));
  vf square = f * f;
  vf tail = fk_fma(fk_splat(-0.5f), square, e * 1.42860677e-6f);
  tail = fk_fma(p, f * square, tail);
  return fk_fma(e, fk_splat(0.693145752f), f + tail);
}

// (1 + e^x) / 2 for x from -104 to 88.73, correctly rounded but for the error of e^x; halved, so as not to overflow.
FK_INLINE vf fk_half_one_plus_exp(vf x) {
  vf n, r = fk_reduce(x, fk_splat(-0.0f), &n);
  vf t = fk_fma(fk_exp_tail(r), r * r, r);  // e^r - 1
  vf power = fk_scale(fk_splat(0.5f), n);
  vf whole = power + 0.5f;
  vf lost = 0.5f - (whole - power);  // not 0 where n is 24 or more
  return whole + fk_fma(power, t, lost);
}

// 1 / (1 + e^-x) as single precision has it: exactly 0 where e^-x overflows.
FK_INLINE vf fk_sig(vf x) {
  vf z = fk_select(x < -88.73f, fk_splat(88.73f), fk_select(x > 104.0f, fk_splat(-104.0f), -x));
  return fk_select(x < -88.7228394f, fk_splat(0.0f), 0.5f / fk_half_one_plus_exp(z));
}

// ln(1 + e^x) up to 20, x above; the rounding of 1 + e^x is put back. The slope is the logistic function, 1 above 20.
FK_INLINE vf fk_softplus(vf x, vf *slope) {
  vi line = x > 20.0f;
  vf z = fk_exp(fk_select(line, fk_splat(20.0f), x));
  vf u = 1.0f + z;
  vf inverse = 1.0f / u;
#if defined(FK_FMA)
  vf quotient = z * inverse;
  quotient = fk_fma(fk_fma(-quotient, u, z), inverse, quotient);
#else
  vf quotient = z / u;
#endif
  *slope = fk_select(line, fk_splat(1.0f), quotient);
  return fk_select(line, x, fk_fma(z - (u - 1.0f), inverse, fk_log(u)));
}

// A polynomial near 0, elsewhere 1 - 2 / (1 + e^2|x|).
FK_INLINE vf fk_tanh(vf x) {
  vf a = fk_abs(x);
  vf t = x * x;
  vf p = fk_splat(-0.0056793160688f);
  p = fk_fma(p, t, fk_splat(0.020618134051f));
  p = fk_fma(p, t, fk_splat(-0.053734003957f));
  p = fk_fma(p, t, fk_splat(0.13331383702f));
  p = fk_fma(p, t, fk_splat(-0.33333280222f));
  vf near = fk_fma(x * t, p, x);
  vf far = 1.0f - 1.0f / fk_half_one_plus_exp(fk_select(a > 10.0f, fk_splat(20.0f), a + a));
  return fk_select(a < 0.625f, near, fk_with_sign(far, x));
}

FK_INLINE vf fk_erf(vf x) {
  vf a = fk_abs(x);
  vf t = x * x;
  vf p = fk_splat(7.8540301844e-5f);
  p = fk_fma(p, t, fk_splat(-0.00080102487876f));
  p = fk_fma(p, t, fk_splat(0.0051883346261f));
  p = fk_fma(p, t, fk_splat(-0.026853816133f));
  p = fk_fma(p, t, fk_splat(0.11283585272f));
  p = fk_fma(p, t, fk_splat(-0.3761262584f));
  p = fk_fma(p, t, fk_splat(0.1283791657f));
  vf near = fk_fma(x, p, x);
  vi far = a >= 1.0f;
  if (!fk_any(far)) return near;
  vf s = fk_select(a > 4.0f, fk_splat(3.0f), a - 1.0f);
  vf q = fk_splat(2.5139724865e-7f);
  q = fk_fma(q, s, fk_splat(-2.3304628412e-5f));
  q = fk_fma(q, s, fk_splat(0.00029362254174f));
  q = fk_fma(q, s, fk_splat(-0.0020171924418f));
  q = fk_fma(q, s, fk_splat(0.01005003828f));
  q = fk_fma(q, s, fk_splat(-0.041564784911f));
  q = fk_fma(q, s, fk_splat(-0.84310685114f));
  q = fk_fma(q, s, fk_splat(-2.6389675306f));
  q = fk_fma(q, s, fk_splat(-1.8496055098f));
  return fk_select(far, fk_with_sign(1.0f - fk_exp(q), x), near);
}

// The upper 12 bits of numbers; products of two such are exact.
FK_INLINE vf fk_upper(vf x) { return (vf)(fk_bits(x) & (int32_t)0xfffff000); }

// e^(-v^2) for v = x sqrt(pi) / 4; the square is carried in two parts, so that large ones keep their digits.
FK_INLINE vf fk_gauss(vf x) {
  vf a = fk_abs(x);
  a = fk_select(a > 24.0f, fk_splat(24.0f), a);
  vf v = a * 0.443113463f, vh = fk_upper(v), ah = fk_upper(a);
  vf rest = ((ah * 0.443115234375f - vh) + (a - ah) * 0.443115234375f) - a * 1.77164862e-6f;
  return fk_exp_sum(-(vh * vh), -(rest * (vh + v)));
}

// The arc tangent of t in [-1, 1]; at both ends it is pi/4 as Float has it, so that Sgdf ends in 0 and 1.
FK_INLINE vf fk_atan_unit(vf t) {
  vf s = t * t;
  vf p = fk_splat(-0.00179365987f);
  p = fk_fma(p, s, fk_splat(0.010914805775f));
  p = fk_fma(p, s, fk_splat(-0.031178251356f));
  p = fk_fma(p, s, fk_splat(0.057958030938f));
  p = fk_fma(p, s, fk_splat(-0.084034774627f));
  p = fk_fma(p, s, fk_splat(0.10952195537f));
  p = fk_fma(p, s, fk_splat(-0.14264243624f));
  p = fk_fma(p, s, fk_splat(0.19998548472f));
  p = fk_fma(p, s, fk_splat(-0.33333299095f));
  return fk_fma(t * s, p, t);
}

// The rest r of x after n quarter turns, |r| at most pi/4 and a little; good up to FK_CIRCLE_LIMIT.
#if defined(FK_FMA)
#define FK_CIRCLE_LIMIT 1.0e5f
FK_INLINE vf fk_quarter_turns(vf x, vi *n) {
  vf count = fk_round(x * 0.636619772f);
  *n = __builtin_convertvector(count, vi);
  vf r = fk_fma(count, fk_splat(-1.57079637f), x);  // exact: 24 bits hold it
  r = fk_fma(count, fk_splat(4.37113900e-8f), r);
  return fk_fma(count, fk_splat(1.71512451e-15f), r);
}
#else
#define FK_CIRCLE_LIMIT 1.0e8f
typedef double vd __attribute__((ext_vector_type(FK_WIDTH)));
FK_INLINE vf fk_quarter_turns(vf x, vi *n) {
  vd wide = __builtin_convertvector(x, vd);
  vd magic = (vd)6755399441055744.0;  // 1.5 * 2^52: the sum's low bits are the nearest integer
  vd count = (wide * 0.63661977236758134 + magic) - magic;
  *n = __builtin_convertvector(count, vi);
  vd rest = (wide - count * 1.570796325802803) - count * 9.920935739593517e-10;
  return __builtin_convertvector(rest - count * 5.721188726109832e-18, vf);
}
#endif

// Sine and cosine; huge and infinite arguments go to libm, a lane at a time.
FK_INLINE vf fk_sin_cos(vf x, vf *cosine) {
  vi n;
  vf r = fk_quarter_turns(x, &n);
  vf t = r * r;
  vf s = fk_splat(2.7175681031e-6f);
  s = fk_fma(s, t, fk_splat(-0.00019839257088f));
  s = fk_fma(s, t, fk_splat(0.0083333291456f));
  s = fk_fma(s, t, fk_splat(-0.1666666664f));
  s = fk_fma(r * t, s, r);
  vf c = fk_splat(-2.7203295159e-7f);
  c = fk_fma(c, t, fk_splat(2.4799436281e-5f));
  c = fk_fma(c, t, fk_splat(-0.0013888883438f));
  c = fk_fma(c, t, fk_splat(0.041666666619f));
  c = fk_fma(t * t, c, fk_fma(fk_splat(-0.5f), t, fk_splat(1.0f)));
  vi odd = (n & 1) != 0;
  *cosine = (vf)(fk_bits(fk_select(odd, s, c)) ^ (((n + 1) & 2) << 30));
  return (vf)(fk_bits(fk_select(odd, c, s)) ^ ((n & 2) << 30));
}
