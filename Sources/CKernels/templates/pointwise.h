// Passes over memory: normalise + leaky ReLU + dropout, pooling, bilinear interpolation.

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
  const double *sums;
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

static void NAME(normalize_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(activation) *l = context;
  int channels = l->y.channels;
  long first = (long)index * l->rows * l->y.width;
  long last = MIN((long)(index + 1) * l->rows, l->y.height) * l->y.width;
  for (int c = 0; c < channels; c += LANES) {
    vec mean = LOAD(l->mean + c), rstd = LOAD(l->rstd + c);
    const REAL *y = (const REAL *)l->y.data + c;
    REAL *a = (REAL *)l->a.data + c;
    if (l->threshold)
      for (long p = first; p < last; p++)
        STORE(a + p * l->a.stride, NAME(leaky)((LOAD(y + p * l->y.stride) - mean) * rstd, l->slope) *
                                       NAME(kept)(l, (uint32_t)(p * channels + c)));
    else
      for (long p = first; p < last; p++)
        STORE(a + p * l->a.stride, NAME(leaky)((LOAD(y + p * l->y.stride) - mean) * rstd, l->slope));
  }
}

static void NAME(normalize)(ck_workers *workers, ck_map y, const void *mean, const void *rstd, double slope,
                            ck_dropout dropout, ck_map a) {
  NAME(activation) l = NAME(activate)(y, mean, rstd, slope, dropout);
  l.a = a;
  ck_run(workers, (y.height + l.rows - 1) / l.rows, NAME(normalize_rows), &l);
}

// d = the gradient of the normalised value x = (y - mean) * rstd.
INLINE vec NAME(through_activation)(const NAME(activation) *l, vec x, long p, int c) {
  vec da = LOAD((const REAL *)l->da.data + p * l->da.stride + c);
  if (l->threshold) da *= NAME(kept)(l, (uint32_t)(p * l->y.channels + c));
  return x > 0 ? da : da * l->slope;
}

static void NAME(normalize_sums)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(activation) *l = context;
  int channels = l->y.channels;
  long first = (long)index * l->rows * l->y.width;
  long last = MIN((long)(index + 1) * l->rows, l->y.height) * l->y.width;
  for (int c = 0; c < channels; c += LANES) {
    vec mean = LOAD(l->mean + c), rstd = LOAD(l->rstd + c), sum = 0, product = 0;
    const REAL *y = (const REAL *)l->y.data + c;
    for (long p = first; p < last; p++) {
      vec x = (LOAD(y + p * l->y.stride) - mean) * rstd, d = NAME(through_activation)(l, x, p, c);
      sum += d;
      product += d * x;
    }
    for (int i = 0; i < LANES; i++) {
      l->partials[(long)index * 2 * channels + c + i] = sum[i];
      l->partials[(long)index * 2 * channels + channels + c + i] = product[i];
    }
  }
}

static void NAME(normalize_gradient_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(activation) *l = context;
  int channels = l->y.channels;
  long first = (long)index * l->rows * l->y.width;
  long last = MIN((long)(index + 1) * l->rows, l->y.height) * l->y.width;
  double n = (double)l->y.height * l->y.width;
  for (int c = 0; c < channels; c += LANES) {
    vec mean = LOAD(l->mean + c), rstd = LOAD(l->rstd + c), sum, product;
    for (int i = 0; i < LANES; i++) {
      sum[i] = (REAL)(l->sums[c + i] / n);
      product[i] = (REAL)(l->sums[channels + c + i] / n);
    }
    const REAL *y = (const REAL *)l->y.data + c;
    for (long p = first; p < last; p++) {
      vec x = (LOAD(y + p * l->y.stride) - mean) * rstd, d = NAME(through_activation)(l, x, p, c);
      STORE((REAL *)l->dy.data + p * l->dy.stride + c, rstd * (d - sum - x * product));
    }
  }
}

static void NAME(normalize_gradient)(ck_workers *workers, ck_map y, const void *mean, const void *rstd,
                                     double slope, ck_dropout dropout, ck_map da, ck_map dy) {
  NAME(activation) l = NAME(activate)(y, mean, rstd, slope, dropout);
  int blocks = (y.height + l.rows - 1) / l.rows, channels = y.channels;
  l.da = da;
  l.dy = dy;
  l.partials = ck_shared_scratch(workers, (size_t)(blocks + 1) * 2 * channels * sizeof(double));
  ck_run(workers, blocks, NAME(normalize_sums), &l);
  double *sums = l.partials + (size_t)blocks * 2 * channels;
  NAME(reduce_partials)(l.partials, blocks, channels, sums);
  l.sums = sums;
  ck_run(workers, blocks, NAME(normalize_gradient_rows), &l);
}

// MARK: pooling

typedef struct {
  ck_map x, y;
  const ck_map *skip;
  uint8_t *choice;
  const uint8_t *chosen;
} NAME(pooling);

static void NAME(max_pool_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int channels = l->y.channels;
  for (int column = 0; column < l->y.width; column++) {
    const REAL *a = NAME(pixel)(&l->x, 2 * row, 2 * column), *b = NAME(pixel)(&l->x, 2 * row + 1, 2 * column);
    long s = l->x.stride;
    REAL *y = NAME(mutable_pixel)(&l->y, row, column);
    uint8_t *choice = l->choice + ((long)row * l->y.width + column) * channels;
    for (int c = 0; c < channels; c++) {
      REAL m = a[c];
      uint8_t k = 0;
      if (a[s + c] > m) m = a[s + c], k = 1;
      if (b[c] > m) m = b[c], k = 2;
      if (b[s + c] > m) m = b[s + c], k = 3;
      y[c] = m;
      choice[c] = k;
    }
  }
}

static void NAME(max_pool)(ck_workers *workers, ck_map x, ck_map y, uint8_t *choice) {
  NAME(pooling) l = {.x = x, .y = y, .choice = choice};
  ck_run(workers, y.height, NAME(max_pool_row), &l);
}

static void NAME(max_pool_gradient_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int channels = l->x.channels;
  for (int column = 0; column < l->x.width; column++) {
    REAL *dx = NAME(mutable_pixel)(&l->x, row, column);
    const REAL *skip = l->skip ? NAME(pixel)(l->skip, row, column) : NULL;
    if (row / 2 >= l->y.height || column / 2 >= l->y.width) {
      for (int c = 0; c < channels; c++) dx[c] = skip ? skip[c] : 0;
      continue;
    }
    const REAL *dy = NAME(pixel)(&l->y, row / 2, column / 2);
    const uint8_t *choice = l->chosen + ((long)(row / 2) * l->y.width + column / 2) * channels;
    uint8_t own = (uint8_t)(row % 2 * 2 + column % 2);
    // Two loops, which the compiler vectorises.
    if (skip)
      for (int c = 0; c < channels; c++) dx[c] = skip[c] + (choice[c] == own ? dy[c] : 0);
    else
      for (int c = 0; c < channels; c++) dx[c] = choice[c] == own ? dy[c] : 0;
  }
}

static void NAME(max_pool_gradient)(ck_workers *workers, ck_map dy, const uint8_t *choice, const ck_map *skip,
                                    ck_map dx) {
  NAME(pooling) l = {.x = dx, .y = dy, .chosen = choice, .skip = skip};
  ck_run(workers, dx.height, NAME(max_pool_gradient_row), &l);
}

// MARK: bilinear interpolation, corners aligned

INLINE void NAME(source)(int i, int in, int out, int *low, int *high, REAL *weight) {
  double s = out > 1 ? (double)i * (in - 1) / (out - 1) : 0;
  *low = MIN((int)s, in - 1);
  *high = MIN(*low + 1, in - 1);
  *weight = (REAL)(s - *low);
}

static void NAME(upsample_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int r0, r1;
  REAL v;
  NAME(source)(row, l->x.height, l->y.height, &r0, &r1, &v);
  for (int column = 0; column < l->y.width; column++) {
    int k0, k1;
    REAL u;
    NAME(source)(column, l->x.width, l->y.width, &k0, &k1, &u);
    const REAL *a = NAME(pixel)(&l->x, r0, k0), *b = NAME(pixel)(&l->x, r0, k1);
    const REAL *c = NAME(pixel)(&l->x, r1, k0), *d = NAME(pixel)(&l->x, r1, k1);
    REAL *y = NAME(mutable_pixel)(&l->y, row, column);
    REAL wa = (1 - v) * (1 - u), wb = (1 - v) * u, wc = v * (1 - u), wd = v * u;
    for (int i = 0; i < l->x.channels; i += LANES)
      STORE(y + i, wa * LOAD(a + i) + wb * LOAD(b + i) + wc * LOAD(c + i) + wd * LOAD(d + i));
  }
}

static void NAME(upsample)(ck_workers *workers, ck_map x, ck_map y) {
  NAME(pooling) l = {.x = x, .y = y};
  ck_run(workers, y.height, NAME(upsample_row), &l);
}

// Row of dx: the rows of dy that it went into, gathered, so that rows are independent.
static void NAME(upsample_gradient_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int w = l->x.width, channels = l->x.channels;
  for (int column = 0; column < w; column++)
    memset(NAME(mutable_pixel)(&l->x, row, column), 0, (size_t)channels * sizeof(REAL));
  for (int from = 0; from < l->y.height; from++) {
    int r0, r1;
    REAL v;
    NAME(source)(from, l->x.height, l->y.height, &r0, &r1, &v);
    REAL weight = (r0 == row ? 1 - v : 0) + (r1 == row ? v : 0);
    if (weight == 0) continue;
    for (int column = 0; column < l->y.width; column++) {
      int k0, k1;
      REAL u;
      NAME(source)(column, w, l->y.width, &k0, &k1, &u);
      const REAL *dy = NAME(pixel)(&l->y, from, column);
      REAL *a = NAME(mutable_pixel)(&l->x, row, k0), *b = NAME(mutable_pixel)(&l->x, row, k1);
      for (int c = 0; c < channels; c += LANES) {
        vec d = weight * LOAD(dy + c);
        STORE(a + c, LOAD(a + c) + (1 - u) * d);
        STORE(b + c, LOAD(b + c) + u * d);
      }
    }
  }
}

static void NAME(upsample_gradient)(ck_workers *workers, ck_map dy, ck_map dx) {
  NAME(pooling) l = {.x = dx, .y = dy};
  ck_run(workers, dx.height, NAME(upsample_gradient_row), &l);
}
