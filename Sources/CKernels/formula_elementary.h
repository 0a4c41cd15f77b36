// Elementary functions for loops that the compiler vectorizes: no branches, no calls, single precision.
// The coefficients come from scripts/fit_elementary.py. Not a number and the infinities pass as in libm.
#include <stdint.h>

static inline uint32_t fk_bits(float x) {
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return u;
}

static inline float fk_float(uint32_t u) {
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}

// e^(high + low) for a sum of at most 89 (infinite from 88.73 on) and a small low part; 0 below the smallest subnormal.
static inline float fk_exp_sum(float high, float low) {
  high = high < -104.0f ? -104.0f : high;
  const float magic = 12582912.0f;  // 1.5 * 2^23: the sum's low bits are the nearest integer
  float shifted = (high + low) * 1.44269504f + magic;
  float n = shifted - magic;
  float r = high - n * 0.693359375f;
  r = (r + low) - n * -2.12194440e-4f;
  float p = 0.0013951717248f;
  p = p * r + 0.0083695984104f;
  p = p * r + 0.041666187284f;
  p = p * r + 0.16666512888f;
  p = p * r + 0.5000000101f;
  float y = (p * r) * r + r + 1.0f;
  int32_t power = (int32_t)(fk_bits(shifted) - fk_bits(magic));
  int32_t half = power >> 1;  // two factors, so that subnormal results come out
  float low_factor = fk_float((uint32_t)(half + 127) << 23);
  float high_factor = fk_float((uint32_t)(power - half + 127) << 23);
  return (y * low_factor) * high_factor;
}

// e^x for x of at most 89 (infinite from 88.73 on); 0 below the smallest subnormal.
static inline float fk_exp(float x) { return fk_exp_sum(x, -0.0f); }

// The upper 12 bits of a number; products of two such are exact.
static inline float fk_upper(float x) { return fk_float(fk_bits(x) & 0xfffff000u); }

// ln x; -inf at 0, not a number below.
static inline float fk_log(float x) {
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  float offset = x < 1.17549435e-38f ? -150.0f : -127.0f;
  // Split x = m 2^e with m in [sqrt(1/2), sqrt(2)).
  uint32_t shifted = fk_bits(scaled) + (0x3f800000u - 0x3f3504f3u);
  float e = (float)(int32_t)(shifted >> 23) + offset;
  float f = fk_float((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 0.069151826743f;
  p = p * f - 0.1178971374f;
  p = p * f + 0.11873009837f;
  p = p * f - 0.12384366763f;
  p = p * f + 0.14218655856f;
  p = p * f - 0.16669249682f;
  p = p * f + 0.20002226689f;
  p = p * f - 0.24999986622f;
  p = p * f + 0.33333310439f;
  float square = f * f;
  float tail = (p * f) * square + e * -2.12194440e-4f - 0.5f * square;
  float y = e * 0.693359375f + (f + tail);
  y = x == 0.0f ? -__builtin_inff() : y;
  y = x < 0.0f ? __builtin_nanf("") : y;
  y = x == __builtin_inff() ? x : y;
  return x != x ? x : y;
}

// 1 / (1 + e^-x) as single precision has it: exactly 0 where e^-x overflows.
static inline float fk_sig(float x) {
  return 1.0f / (1.0f + fk_exp(x < -89.0f ? 89.0f : -x));
}

// ln(1 + e^x) up to 20, x above; the rounding of 1 + e^x is put back.
static inline float fk_softplus(float x) {
  float z = fk_exp(x > 20.0f ? 20.0f : x);
  float u = 1.0f + z;
  float y = fk_log(u) + (z - (u - 1.0f)) / u;
  return x > 20.0f ? x : y;
}

static inline float fk_tanh(float x) {
  float a = __builtin_fabsf(x);
  float t = x * x;
  float p = -0.0056793160688f;
  p = p * t + 0.020618134051f;
  p = p * t - 0.053734003957f;
  p = p * t + 0.13331383702f;
  p = p * t - 0.33333280222f;
  float small = x + x * t * p;
  float large = 1.0f - 2.0f / (fk_exp(a > 20.0f ? 40.0f : 2.0f * a) + 1.0f);
  large = x < 0.0f ? -large : large;
  return a < 0.625f ? small : large;
}

static inline float fk_erf(float x) {
  float a = __builtin_fabsf(x);
  float t = x * x;
  float p = 7.8540301844e-5f;
  p = p * t - 0.00080102487876f;
  p = p * t + 0.0051883346261f;
  p = p * t - 0.026853816133f;
  p = p * t + 0.11283585272f;
  p = p * t - 0.3761262584f;
  p = p * t + 1.1283791657f;
  float small = x * p;
  float s = a > 4.0f ? 3.0f : a - 1.0f;
  float q = 2.5139724865e-7f;
  q = q * s - 2.3304628412e-5f;
  q = q * s + 0.00029362254174f;
  q = q * s - 0.0020171924418f;
  q = q * s + 0.01005003828f;
  q = q * s - 0.041564784911f;
  q = q * s - 0.84310685114f;
  q = q * s - 2.6389675306f;
  q = q * s - 1.8496055098f;
  float large = 1.0f - fk_exp(q);
  large = x < 0.0f ? -large : large;
  return a < 1.0f ? small : large;
}

// The arc tangent of t in [-1, 1].
static inline float fk_atan_unit(float t) {
  float s = t * t;
  float p = -0.0017936622602f;
  p = p * s + 0.010914805775f;
  p = p * s - 0.031178251356f;
  p = p * s + 0.057958030938f;
  p = p * s - 0.084034774627f;
  p = p * s + 0.10952195537f;
  p = p * s - 0.14264243624f;
  p = p * s + 0.19998548472f;
  p = p * s - 0.33333299095f;
  return t + t * s * p;
}

static inline float fk_serf(float x) { return (1.0f + fk_erf(x * 0.443113463f)) * 0.5f; }

// e^(-v^2) for v = x sqrt(pi) / 4; the square is carried in two parts, so that large ones keep their digits.
static inline float fk_gauss(float x) {
  float a = __builtin_fabsf(x);
  a = a > 24.0f ? 24.0f : a;
  float v = a * 0.443113463f, vh = fk_upper(v), ah = fk_upper(a);
  float rest = ((ah * 0.443115234375f - vh) + (a - ah) * 0.443115234375f) - a * 1.77164862e-6f;
  return fk_exp_sum(-(vh * vh), -(rest * (vh + v)));
}

static inline float fk_serf_slope(float x) { return 0.25f * fk_gauss(x); }

static inline float fk_salf(float x) {
  float h = x * 0.5f;
  return (1.0f + h / __builtin_elementwise_sqrt(1.0f + h * h)) * 0.5f;
}

static inline float fk_salf_slope(float x) {
  float h = x * 0.5f;
  float w = 1.0f + h * h;
  // Scaled by 2^-64, so that the product does not overflow before the quotient is 0.
  float cube = (w * 5.42101086e-20f) * __builtin_elementwise_sqrt(w);
  return (1.0f / cube) * 1.35525272e-20f;
}

static inline float fk_sgdf(float x) {
  return (1.0f + 1.27323954f * fk_atan_unit(fk_tanh(x * 0.392699082f))) * 0.5f;
}

static inline float fk_sgdf_slope(float x) {
  float t = fk_tanh(x * 0.392699082f);
  return 0.25f * (1.0f - t * t) / (1.0f + t * t);
}

// Largest argument the reduction below is good for; beyond it the caller takes libm.
#define FK_CIRCLE_LIMIT 1.0e8f

// sin(x + quarter turns * pi/2) for |x| up to FK_CIRCLE_LIMIT; the reduction is done in double precision.
static inline float fk_circle(float x, uint32_t turns) {
  const double magic = 6755399441055744.0;  // 1.5 * 2^52
  double shifted = (double)x * 0.63661977236758134 + magic;
  double n = shifted - magic;
  double reduced = (((double)x - n * 1.570796325802803) - n * 9.920935739593517e-10) - n * 5.721188726109832e-18;
  float r = (float)reduced;
  uint64_t bits;
  __builtin_memcpy(&bits, &shifted, 8);
  uint32_t quadrant = (uint32_t)bits + turns;
  float t = r * r;
  float s = 2.7175681031e-6f;
  s = s * t - 0.00019839257088f;
  s = s * t + 0.0083333291456f;
  s = s * t - 0.1666666664f;
  float sine = r + r * t * s;
  float c = -2.7203295159e-7f;
  c = c * t + 2.4799436281e-5f;
  c = c * t - 0.0013888883438f;
  c = c * t + 0.041666666619f;
  float cosine = (1.0f - 0.5f * t) + t * t * c;
  float y = (quadrant & 1) ? cosine : sine;
  return fk_float(fk_bits(y) ^ ((quadrant & 2) << 30));
}
