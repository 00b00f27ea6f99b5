// What follows a convolution: instance norm, leaky ReLU and dropout, element by element.

INLINE bits NAME(hash)(bits x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

typedef struct {
  ck_map y, a, da, dy;
  const REAL *mean, *rstd;
  REAL slope, scale;
  uint32_t key, threshold;
  double *partials;
  int rows;  // per block
  const REAL *means;  // of the gradient, and of its product with x
} NAME(activation);

// The factors (0 or scale) of the LANES elements from `element` on.
INLINE vec NAME(kept)(const NAME(activation) *l, uint32_t element) {
  bits lane;
  for (int i = 0; i < LANES; i++) lane[i] = (uint32_t)i;
  bits h = NAME(hash)(lane + (element + l->key));
  bits keep = __builtin_convertvector(h >= l->threshold, bits) & 1;
  return __builtin_convertvector(keep, vec) * l->scale;
}

INLINE vec NAME(leaky)(vec x, REAL slope) { return __builtin_elementwise_max(x, x * slope); }

INLINE NAME(activation) NAME(activate)(ck_map y, const void *mean, const void *rstd, double slope,
                                       ck_dropout dropout) {
  uint32_t key = dropout.seed;
  key ^= key >> 16;
  key *= 0x7feb352du;
  key ^= key >> 15;
  key *= 0x846ca68bu;
  key ^= key >> 16;
  return (NAME(activation)){.y = y,
                            .mean = mean,
                            .rstd = rstd,
                            .slope = (REAL)slope,
                            .scale = (REAL)dropout.scale,
                            .key = key,
                            .threshold = dropout.threshold,
                            .rows = MAX(1, 2048 / y.width)};
}
