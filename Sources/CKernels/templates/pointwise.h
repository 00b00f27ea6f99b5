// Passes over memory: normalise + leaky ReLU + dropout, pooling, bilinear interpolation.

// Pixel p of y from channel c on, activated, and into a where it is kept.
INLINE vec NAME(activate_pixel)(const NAME(activation) *l, int drops, int keeps, long p, int c) {
  vec x = LOAD((const REAL *)l->y.data + p * l->y.stride + c);
  vec a = NAME(leaky)((x - LOAD(l->mean + c)) * LOAD(l->rstd + c), l->slope);
  if (drops) a *= NAME(kept)(l, (uint32_t)(p * l->y.channels + c));
  if (keeps) STORE((REAL *)l->a.data + p * l->a.stride + c, a);
  return a;
}

INLINE void NAME(activate_rows)(NAME(activation) l, int drops, int index) {
  long first = (long)index * l.rows * l.y.width, last = MIN((long)(index + 1) * l.rows, l.y.height) * l.y.width;
  for (long p = first; p < last; p++)
    for (int c = 0; c < l.y.channels; c += LANES) NAME(activate_pixel)(&l, drops, 1, p, c);
}

static void NAME(normalize_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(activation) *l = context;
  if (l->threshold) NAME(activate_rows)(*l, 1, index); else NAME(activate_rows)(*l, 0, index);
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

// Pixels that are summed up in one go, while their lines are in the first-level cache.
#define SUMMED 32

static void NAME(normalize_sums)(void *context, ck_workers *workers, int index, int worker) {
  NAME(activation) l = *(const NAME(activation) *)context;
  int channels = l.y.channels;
  long first = (long)index * l.rows * l.y.width, last = MIN((long)(index + 1) * l.rows, l.y.height) * l.y.width;
  REAL *sums = ck_scratch(workers, worker, 2 * (size_t)channels * sizeof(REAL)), *products = sums + channels;
  memset(sums, 0, 2 * (size_t)channels * sizeof(REAL));
  for (; first < last; first += SUMMED)
    for (int c = 0; c < channels; c += LANES) {
      vec mean = LOAD(l.mean + c), rstd = LOAD(l.rstd + c), sum = LOAD(sums + c), product = LOAD(products + c);
      const REAL *y = (const REAL *)l.y.data + c;
      for (long p = first; p < MIN(last, first + SUMMED); p++) {
        vec x = (LOAD(y + p * l.y.stride) - mean) * rstd, d = NAME(through_activation)(&l, x, p, c);
        sum += d;
        product += d * x;
      }
      STORE(sums + c, sum);
      STORE(products + c, product);
    }
  double *partials = l.partials + (long)index * 2 * channels;
  for (int c = 0; c < 2 * channels; c++) partials[c] = sums[c];
}

static void NAME(normalize_gradient_rows)(void *context, ck_workers *workers, int index, int worker) {
  NAME(activation) l = *(const NAME(activation) *)context;
  int channels = l.y.channels;
  long first = (long)index * l.rows * l.y.width, last = MIN((long)(index + 1) * l.rows, l.y.height) * l.y.width;
  for (long p = first; p < last; p++)
    for (int c = 0; c < channels; c += LANES) {
      vec rstd = LOAD(l.rstd + c), x = (LOAD((const REAL *)l.y.data + p * l.y.stride + c) - LOAD(l.mean + c)) * rstd;
      vec d = NAME(through_activation)(&l, x, p, c);
      STORE((REAL *)l.dy.data + p * l.dy.stride + c,
            rstd * (d - LOAD(l.means + c) - x * LOAD(l.means + channels + c)));
    }
}

static void NAME(normalize_gradient)(ck_workers *workers, ck_map y, const void *mean, const void *rstd,
                                     double slope, ck_dropout dropout, ck_map da, ck_map dy) {
  NAME(activation) l = NAME(activate)(y, mean, rstd, slope, dropout);
  int blocks = (y.height + l.rows - 1) / l.rows, channels = y.channels;
  l.da = da;
  l.dy = dy;
  l.partials = ck_shared_scratch(workers, (size_t)(blocks + 2) * 2 * channels * sizeof(double));
  ck_run(workers, blocks, NAME(normalize_sums), &l);
  double *sums = l.partials + (size_t)blocks * 2 * channels;
  NAME(reduce_partials)(l.partials, blocks, channels, sums);
  REAL *means = (REAL *)(sums + 2 * channels);
  for (int c = 0; c < 2 * channels; c++) means[c] = (REAL)(sums[c] / ((double)y.height * y.width));
  l.means = means;
  ck_run(workers, blocks, NAME(normalize_gradient_rows), &l);
}

// MARK: pooling

typedef struct {
  ck_map x, y;
  const ck_map *skip;
  uint8_t *choice;
  const uint8_t *chosen;
} NAME(pooling);

typedef uint8_t NAME(choices) __attribute__((ext_vector_type(LANES), aligned(1)));

// The largest of four, and in `choice` the first place that has it.
INLINE vec NAME(largest)(vec a, vec b, vec c, vec d, uint8_t *choice) {
  vec rest[3] = {b, c, d};
  bits k = 0;
  for (uint32_t i = 0; i < 3; i++) {
    bits larger = __builtin_convertvector(rest[i] > a, bits);
    k = (k & ~larger) | (larger & (i + 1));
    a = rest[i] > a ? rest[i] : a;
  }
  *(NAME(choices) *)choice = __builtin_convertvector(k, NAME(choices));
  return a;
}

static void NAME(max_pool_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int channels = l->y.channels;
  long s = l->x.stride;
  for (int column = 0; column < l->y.width; column++) {
    const REAL *a = NAME(pixel)(&l->x, 2 * row, 2 * column), *b = NAME(pixel)(&l->x, 2 * row + 1, 2 * column);
    REAL *y = NAME(mutable_pixel)(&l->y, row, column);
    uint8_t *choice = l->choice + ((long)row * l->y.width + column) * channels;
    for (int c = 0; c < channels; c += LANES)
      STORE(y + c, NAME(largest)(LOAD(a + c), LOAD(a + s + c), LOAD(b + c), LOAD(b + s + c), choice + c));
  }
}

static void NAME(max_pool)(ck_workers *workers, ck_map x, ck_map y, uint8_t *choice) {
  NAME(pooling) l = {.x = x, .y = y, .choice = choice};
  ck_run(workers, y.height, NAME(max_pool_row), &l);
}

// Rows 2 index and 2 index + 1 of dx, from one row of dy; what is left of an odd height or width was never pooled.
INLINE void NAME(max_pool_gradient_pair)(const NAME(pooling) *l, const ck_map *skip, int index) {
  int channels = l->x.channels, width = l->x.width, pooled = index < l->y.height ? l->y.width : 0;
  for (int i = 0; i < MIN(2, l->x.height - 2 * index); i++)
    for (int column = 2 * pooled; column < width; column++)
      for (int c = 0; c < channels; c += LANES)
        STORE(NAME(mutable_pixel)(&l->x, 2 * index + i, column) + c,
              skip ? LOAD(NAME(pixel)(skip, 2 * index + i, column) + c) : (vec)0);
  for (int column = 0; column < pooled; column++) {
    const uint8_t *choice = l->chosen + ((long)index * pooled + column) * channels;
    for (int c = 0; c < channels; c += LANES) {
      vec dy = LOAD(NAME(pixel)(&l->y, index, column) + c);
      bits chosen = __builtin_convertvector(*(const NAME(choices) *)(choice + c), bits);
      for (uint32_t k = 0; k < 4; k++) {
        int row = 2 * index + (int)k / 2, place = 2 * column + (int)k % 2;
        vec own = __builtin_convertvector((chosen == k) & 1, vec);
        vec rest = skip ? LOAD(NAME(pixel)(skip, row, place) + c) : (vec)0;
        STORE(NAME(mutable_pixel)(&l->x, row, place) + c, rest + dy * own);
      }
    }
  }
}

static void NAME(max_pool_gradient_rows)(void *context, ck_workers *workers, int index, int worker) {
  NAME(pooling) l = *(const NAME(pooling) *)context;
  if (l.skip) {
    ck_map skip = *l.skip;
    NAME(max_pool_gradient_pair)(&l, &skip, index);
  } else {
    NAME(max_pool_gradient_pair)(&l, NULL, index);
  }
}

static void NAME(max_pool_gradient)(ck_workers *workers, ck_map dy, const uint8_t *choice, const ck_map *skip,
                                    ck_map dx) {
  NAME(pooling) l = {.x = dx, .y = dy, .chosen = choice, .skip = skip};
  ck_run(workers, (dx.height + 1) / 2, NAME(max_pool_gradient_rows), &l);
}

// MARK: normalise and pool

typedef struct {
  NAME(activation) l;
  ck_map pooled;
  uint8_t *choice;
} NAME(pooled_activation);

// Rows 2 index and 2 index + 1 of a, and the row that is pooled from them; an odd last row or column by itself.
INLINE void NAME(activate_pair)(const NAME(pooled_activation) *l, int drops, int keeps, int index) {
  const ck_map *y = &l->l.y;
  int channels = y->channels, width = y->width, both = 2 * index + 1 < y->height;
  long upper = 2l * index * width, lower = upper + width, pooled = (long)index * l->pooled.width;
  for (int column = 0; both && column + 1 < width; column += 2)
    for (int c = 0; c < channels; c += LANES) {
      vec v0 = NAME(activate_pixel)(&l->l, drops, keeps, upper + column, c);
      vec v1 = NAME(activate_pixel)(&l->l, drops, keeps, upper + column + 1, c);
      vec v2 = NAME(activate_pixel)(&l->l, drops, keeps, lower + column, c);
      vec v3 = NAME(activate_pixel)(&l->l, drops, keeps, lower + column + 1, c);
      long p = pooled + column / 2;
      STORE((REAL *)l->pooled.data + p * l->pooled.stride + c,
            NAME(largest)(v0, v1, v2, v3, l->choice + p * channels + c));
    }
  for (int column = both ? width / 2 * 2 : 0; keeps && column < width; column++)
    for (int c = 0; c < channels; c += LANES) {
      NAME(activate_pixel)(&l->l, drops, keeps, upper + column, c);
      if (both) NAME(activate_pixel)(&l->l, drops, keeps, lower + column, c);
    }
}

static void NAME(normalize_pool_rows)(void *context, ck_workers *workers, int index, int worker) {
  NAME(pooled_activation) l = *(const NAME(pooled_activation) *)context;
  if (l.l.threshold) {
    if (l.l.a.data) NAME(activate_pair)(&l, 1, 1, index); else NAME(activate_pair)(&l, 1, 0, index);
  } else {
    if (l.l.a.data) NAME(activate_pair)(&l, 0, 1, index); else NAME(activate_pair)(&l, 0, 0, index);
  }
}

static void NAME(normalize_pool)(ck_workers *workers, ck_map y, const void *mean, const void *rstd, double slope,
                                 ck_dropout dropout, const ck_map *a, ck_map pooled, uint8_t *choice) {
  NAME(pooled_activation) l = {
      .l = NAME(activate)(y, mean, rstd, slope, dropout), .pooled = pooled, .choice = choice};
  if (a) l.l.a = *a;
  ck_run(workers, (y.height + 1) / 2, NAME(normalize_pool_rows), &l);
}

// MARK: the gradient of normalise and pool
//
// Of a map that nothing but the pooling read, and without dropout: the gradient of the activations, zero at three places
// of four, is never written, and its sums are those over the pooled map, whose values tell what they were made of.

typedef struct {
  NAME(activation) l;
  ck_map pooled, gradient;
  const uint8_t *choice;
} NAME(pooled_gradient);

static void NAME(pooled_sums)(void *context, ck_workers *workers, int index, int worker) {
  NAME(pooled_gradient) l = *(const NAME(pooled_gradient) *)context;
  int channels = l.pooled.channels;
  REAL slope = l.l.slope, inverse = slope != 0 ? 1 / slope : 0;
  long first = (long)index * l.l.rows * l.pooled.width;
  long last = MIN((long)(index + 1) * l.l.rows, l.pooled.height) * l.pooled.width;
  REAL *sums = ck_scratch(workers, worker, 2 * (size_t)channels * sizeof(REAL)), *products = sums + channels;
  memset(sums, 0, 2 * (size_t)channels * sizeof(REAL));
  for (; first < last; first += SUMMED)
    for (int c = 0; c < channels; c += LANES) {
      vec sum = LOAD(sums + c), product = LOAD(products + c);
      const REAL *a = (const REAL *)l.pooled.data + c, *da = (const REAL *)l.gradient.data + c;
      for (long p = first; p < MIN(last, first + SUMMED); p++) {
        vec x = LOAD(a + p * l.pooled.stride), d = LOAD(da + p * l.gradient.stride);
        d = x > 0 ? d : d * slope;
        x = x > 0 ? x : x * inverse;
        sum += d;
        product += d * x;
      }
      STORE(sums + c, sum);
      STORE(products + c, product);
    }
  double *partials = l.l.partials + (long)index * 2 * channels;
  for (int c = 0; c < 2 * channels; c++) partials[c] = sums[c];
}

// Rows 2 index and 2 index + 1 of dy; to what is left of an odd height or width no gradient came.
static void NAME(pooled_gradient_pair)(void *context, ck_workers *workers, int index, int worker) {
  NAME(pooled_gradient) l = *(const NAME(pooled_gradient) *)context;
  const ck_map *y = &l.l.y, *dy = &l.l.dy;
  int channels = y->channels, pooled = index < l.pooled.height ? l.pooled.width : 0;
  REAL slope = l.l.slope;
  for (int c = 0; c < channels; c += LANES) {
    vec mean = LOAD(l.l.mean + c), rstd = LOAD(l.l.rstd + c);
    vec offset = LOAD(l.l.means + c), factor = LOAD(l.l.means + channels + c);
    for (int column = 0; column < pooled; column++) {
      long place = (long)index * pooled + column;
      vec da = LOAD((const REAL *)l.gradient.data + place * l.gradient.stride + c);
      bits chosen = __builtin_convertvector(*(const NAME(choices) *)(l.choice + place * channels + c), bits);
      for (uint32_t k = 0; k < 4; k++) {
        int row = 2 * index + (int)k / 2, to = 2 * column + (int)k % 2;
        vec x = (LOAD(NAME(pixel)(y, row, to) + c) - mean) * rstd;
        vec own = __builtin_convertvector((chosen == k) & 1, vec) * da;
        vec d = x > 0 ? own : own * slope;
        STORE(NAME(mutable_pixel)(dy, row, to) + c, rstd * (d - offset - x * factor));
      }
    }
    for (int row = 2 * index; row < MIN(y->height, 2 * index + 2); row++)
      for (int column = 2 * pooled; column < y->width; column++) {
        vec x = (LOAD(NAME(pixel)(y, row, column) + c) - mean) * rstd;
        STORE(NAME(mutable_pixel)(dy, row, column) + c, rstd * (-offset - x * factor));
      }
  }
}

static void NAME(normalize_pool_gradient)(ck_workers *workers, ck_map y, const void *mean, const void *rstd,
                                          double slope, ck_map pooled, const uint8_t *choice, ck_map gradient,
                                          ck_map dy) {
  NAME(pooled_gradient) l = {.l = NAME(activate)(y, mean, rstd, slope, (ck_dropout){0}),
                             .pooled = pooled, .gradient = gradient, .choice = choice};
  int channels = y.channels;
  l.l.dy = dy;
  l.l.rows = MAX(1, 2048 / MAX(1, pooled.width));
  int blocks = (pooled.height + l.l.rows - 1) / l.l.rows;
  l.l.partials = ck_shared_scratch(workers, (size_t)(blocks + 2) * 2 * channels * sizeof(double));
  ck_run(workers, blocks, NAME(pooled_sums), &l);
  double *sums = l.l.partials + (size_t)blocks * 2 * channels;
  NAME(reduce_partials)(l.l.partials, blocks, channels, sums);
  REAL *means = (REAL *)(sums + 2 * channels);
  for (int c = 0; c < 2 * channels; c++) means[c] = (REAL)(sums[c] / ((double)y.height * y.width));
  l.l.means = means;
  ck_run(workers, (y.height + 1) / 2, NAME(pooled_gradient_pair), &l);
}

// MARK: bilinear interpolation

static void NAME(upsample_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  NAME(place) r = NAME(source)(row, l->x.height, l->y.height);
  for (int column = 0; column < l->y.width; column++) {
    NAME(place) k = NAME(source)(column, l->x.width, l->y.width);
    REAL *y = NAME(mutable_pixel)(&l->y, row, column);
    for (int c = 0; c < l->x.channels; c += LANES) STORE(y + c, NAME(interpolated)(&l->x, r, k, c));
  }
}

static void NAME(upsample)(ck_workers *workers, ck_map x, ck_map y) {
  NAME(pooling) l = {.x = x, .y = y};
  ck_run(workers, y.height, NAME(upsample_row), &l);
}

// Row of dx, gathered from the rows and columns of dy that it went into: rows are independent, and a sum stays in a
// register until it is whole.
static void NAME(upsample_gradient_row)(void *context, ck_workers *workers, int row, int worker) {
  const NAME(pooling) *l = context;
  int w = l->x.width, h = l->x.height, width = l->y.width, height = l->y.height;
  size_t places = (size_t)width * sizeof(NAME(place));
  NAME(place) *columns = ck_scratch(workers, worker, places + (size_t)height * sizeof(REAL));
  REAL *weights = (REAL *)((char *)columns + places);
  for (int j = 0; j < width; j++) columns[j] = NAME(source)(j, w, width);
  // A row more on both sides than can lie beside it.
  int top = h > 1 ? MAX(0, (int)((long)(row - 1) * (height - 1) / (h - 1)) - 1) : 0;
  int bottom = h > 1 ? MIN(height, (int)((long)(row + 1) * (height - 1) / (h - 1)) + 2) : height;
  for (int from = top; from < bottom; from++) {
    NAME(place) r = NAME(source)(from, h, height);
    weights[from] = (r.low == row ? 1 - r.weight : 0) + (r.high == row ? r.weight : 0);
  }
  while (top < bottom && weights[top] == 0) top++;
  while (top < bottom && weights[bottom - 1] == 0) bottom--;
  for (int column = 0, left = 0; column < w; column++) {
    while (left < width && columns[left].high < column) left++;
    REAL *dx = NAME(mutable_pixel)(&l->x, row, column);
    for (int c = 0; c < l->x.channels; c += LANES) {
      vec sum = 0;
      for (int from = top; from < bottom; from++) {
        const REAL *dy = NAME(pixel)(&l->y, from, left) + c;
        for (int j = left; j < width && columns[j].low <= column; j++, dy += l->y.stride) {
          REAL weight = columns[j].weight;
          sum += (columns[j].low == column ? 1 - weight : weight) * (weights[from] * LOAD(dy));
        }
      }
      STORE(dx + c, sum);
    }
  }
}

static void NAME(upsample_gradient)(ck_workers *workers, ck_map dy, ck_map dx) {
  NAME(pooling) l = {.x = dx, .y = dy};
  ck_run(workers, dx.height, NAME(upsample_gradient_row), &l);
}
