// The loops, written once for vectors of any width. Before inclusion: FUSED(name), FUSED_WIDTH, FUSED_STREAMS and the
// three functions that depend on the instruction set: vector_reciprocal, vector_scale, vector_split.
//
// Polynomials: least squares on Chebyshev nodes, re-weighted until the error is level; each within 6e-8 (relative),
// so that all functions stay within 2 units in the last place.

static inline vf all(float x) { return (vf)(x); }
static inline vf load(const float *p) { vf v; __builtin_memcpy(&v, p, sizeof v); return v; }
static inline void store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }
static inline vf smaller(vf a, vf b) { return a < b ? a : b; }
static inline vf larger(vf a, vf b) { return a > b ? a : b; }

// e^x for x between -87 and 88.
static inline vf exponential(vf x) {
  const vf magic = all(12582912.0f);  // 1.5 * 2^23: the sum's low bits are the nearest integer
  vf shifted = x * 1.44269504f + magic;
  vf n = shifted - magic;
  vf r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vf p = all(0.0013951717248f);
  p = p * r + 0.0083695984104f;
  p = p * r + 0.041666187284f;
  p = p * r + 0.16666512888f;
  p = p * r + 0.5000000101f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return vector_scale(p, shifted, n);
}

// ln x for normal positive x.
static inline vf logarithm(vf x) {
  vf m, e;
  vector_split(x, &m, &e);
  vf f = m - 1.0f;
  vf p = all(-0.046167401511f);
  p = p * f + 0.10582772266f;
  p = p * f - 0.13186892393f;
  p = p * f + 0.14467704686f;
  p = p * f - 0.16643742686f;
  p = p * f + 0.19991090532f;
  p = p * f - 0.25000194094f;
  p = p * f + 0.3333344814f;
  p = p * f - 0.5f;
  return e * 0.693147182f + (p * (f * f) + f);
}

// (2/pi) atan w for w in [0, 1].
static inline vf arc(vf w) {
  vf s = w * w;
  vf p = all(-0.0030434150681f);
  p = p * s + 0.015633857879f;
  p = p * s - 0.038136981275f;
  p = p * s + 0.06329791289f;
  p = p * s - 0.089314197791f;
  p = p * s + 0.12714175133f;
  p = p * s - 0.2121987004f;
  p = p * s + 0.63661971604f;
  return w * p;
}

static inline vf sigmoid(vf x) {
  return vector_reciprocal(1.0f + exponential(smaller(larger(-x, all(-87.0f)), all(87.0f))));
}

static inline void classification_block(vf x, vf q, vf ny, vf *value, vf *gradient) {
  const vf eps = all(1e-20f);
  // Sig(x) from e^-|x|, which never overflows.
  vf ax = smaller(__builtin_elementwise_abs(x), all(87.0f));
  vf z = exponential(-ax);
  vf rz = vector_reciprocal(1.0f + z);
  vf s = x < 0.0f ? z * rz : rz;
  vf c = 1.0f - s;
  vf se = s + eps, ce = c + eps;
  vf ls = logarithm(se), lc = logarithm(ce);
  // Sgdf(x) = (2/pi) atan(e^(pi x / 4)), its slope w / (2 (1 + w^2)); w is the smaller of the power and its inverse.
  vf w = exponential(ax * -0.785398163f);
  vf a = arc(w);
  vf g = x < 0.0f ? a : 1.0f - a;
  // 1 + Serf(Sig(ny)): the argument of erf stays below 0.45.
  vf t = sigmoid(ny), t2 = t * t;
  vf k = all(-4.1374706602e-05f);
  k = k * t2 + 0.00096111360747f;
  k = k * t2 - 0.016361715f;
  k = k * t2 + 0.24999994441f;
  k = k * t + 1.5f;
  vf m = g - q, h = (1.0f - q) - c, qk = q * k, mh = m * h;
  *value = -(qk * ls + mh * lc);
  if (!gradient) return;
  vf slope = 0.5f * w * vector_reciprocal(1.0f + w * w);
  vf ds = s * c;
  // 1/se and 1/ce from one reciprocal.
  vf both = vector_reciprocal(se * ce);
  *gradient = -(ds * (both * (qk * ce - mh * se) + m * lc) + slope * (h * lc));
}

static inline void regression_block(vf u, vf i, vf e, vf *value, vf *du, vf *di, vf *de) {
  const vf eps = all(1e-20f);
  // Numerator: (1 + I - E) / (5 + U) + E/E + E, signs as written cancelled; denominator: (U + I)/3 + E.
  vf n1 = e - (1.0f + i);
  vf r1 = vector_reciprocal((-3.0f - (2.0f + u)) + eps);
  vf re = vector_reciprocal(e + eps);
  vf ee = e * re;
  vf p = n1 * r1;
  vf top = p + (ee + e);
  vf r = (u + i) * 0.333333343f;
  vf r2 = vector_reciprocal((e - r) + eps);
  vf v = top * r2;
  *value = -v;
  if (!du) return;
  vf vr = v * r2;
  vf third = 0.333333343f * vr;
  // d value = -(d top r2 - v r2 d(e - r)).
  *du = -(p * r1 * r2 + third);
  *di = r1 * r2 - third;
  *de = vr - (r1 + ((re - ee * re) + 1.0f)) * r2;
}

// Writes past the caches where the instruction set can and the caller asked; `p` is then a multiple of the vector.
static inline void put(float *p, vf v, int streaming) {
  if (FUSED_STREAMS && streaming) __builtin_nontemporal_store(v, (vf *)p);
  else store(p, v);
}

static inline __attribute__((always_inline)) int64_t classification_run(
    int64_t count, const float *x, const float *q, const float *ny, float *value, float *gradient, int streaming) {
  int64_t k = 0;
  for (; k + FUSED_WIDTH <= count; k += FUSED_WIDTH) {
    vf v, g;
    classification_block(load(x + k), load(q + k), load(ny + k), &v, gradient ? &g : 0);
    put(value + k, v, streaming);
    if (gradient) put(gradient + k, g, streaming);
  }
  return k;
}

static inline __attribute__((always_inline)) int64_t regression_run(
    int64_t count, const float *u, const float *i, const float *e, float *value, float *du, float *di, float *de,
    int streaming) {
  int64_t k = 0;
  for (; k + FUSED_WIDTH <= count; k += FUSED_WIDTH) {
    vf v, gu, gi, ge;
    regression_block(load(u + k), load(i + k), load(e + k), &v, du ? &gu : 0, &gi, &ge);
    put(value + k, v, streaming);
    if (du) put(du + k, gu, streaming);
    if (du) put(di + k, gi, streaming);
    if (du) put(de + k, ge, streaming);
  }
  return k;
}

void FUSED(classification)(int64_t count, const float *x, const float *q, const float *ny, float *value,
                           float *gradient, int streaming) {
  int64_t k;
  if (gradient && streaming) k = classification_run(count, x, q, ny, value, gradient, 1);
  else if (gradient) k = classification_run(count, x, q, ny, value, gradient, 0);
  else k = classification_run(count, x, q, ny, value, 0, 0);
  if (k == count) return;
  // The rest, padded to one vector.
  float room[5][FUSED_WIDTH] = {{0}};
  size_t bytes = (size_t)(count - k) * sizeof(float);
  __builtin_memcpy(room[0], x + k, bytes);
  __builtin_memcpy(room[1], q + k, bytes);
  __builtin_memcpy(room[2], ny + k, bytes);
  classification_run(FUSED_WIDTH, room[0], room[1], room[2], room[3], gradient ? room[4] : 0, 0);
  __builtin_memcpy(value + k, room[3], bytes);
  if (gradient) __builtin_memcpy(gradient + k, room[4], bytes);
}

void FUSED(regression)(int64_t count, const float *u, const float *i, const float *e, float *value, float *du,
                       float *di, float *de, int streaming) {
  int64_t k;
  if (du && streaming) k = regression_run(count, u, i, e, value, du, di, de, 1);
  else if (du) k = regression_run(count, u, i, e, value, du, di, de, 0);
  else k = regression_run(count, u, i, e, value, 0, 0, 0, 0);
  if (k == count) return;
  float room[7][FUSED_WIDTH] = {{0}};
  size_t bytes = (size_t)(count - k) * sizeof(float);
  __builtin_memcpy(room[0], u + k, bytes);
  __builtin_memcpy(room[1], i + k, bytes);
  __builtin_memcpy(room[2], e + k, bytes);
  regression_run(FUSED_WIDTH, room[0], room[1], room[2], room[3], du ? room[4] : 0, room[5], room[6], 0);
  __builtin_memcpy(value + k, room[3], bytes);
  if (!du) return;
  __builtin_memcpy(du + k, room[4], bytes);
  __builtin_memcpy(di + k, room[5], bytes);
  __builtin_memcpy(de + k, room[6], bytes);
}
