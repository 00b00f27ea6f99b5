// 3x3 convolution by Winograd's F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308): the input in
// overlapping 6x6 tiles, 36 matrix products of [tiles x inputs] by [inputs x outputs], and the products
// back to 4x4 pixels. A block of tiles goes through all three stages while it is in the cache.

#define FREQUENCIES 36

typedef struct {
  ck_map x, y;
  const REAL *u, *bias;
  const REAL *v, *d;  // a block's input and output gradient in the Winograd domain
  REAL *du;
  double *moments;  // [block][...], see statistics.h
  int tiles_across, tiles, block;
  int anew;  // whether du, whatever it holds, begins at zero
  long input_plane, output_plane;  // elements of one frequency of a block, padded against cache aliasing
} NAME(winograd);

INLINE int NAME(tiles_of)(ck_map y) { return (y.width + 3) / 4 * ((y.height + 3) / 4); }

// Tiles per block: both transformed blocks should stay in a second-level cache of 512 KiB.
INLINE int NAME(tiles_per_block)(int ci, int co, int tiles) {
  long fit = 320 * 1024 / (FREQUENCIES * (long)sizeof(REAL) * (ci + co)) / 16 * 16;
  long most = ((long)tiles + 15) / 16 * 16;
  return (int)MAX(16, MIN(MIN(fit, 128), most));
}

// For the filter's gradient: every block reads and writes the whole gradient once, 2 ci co elements a
// frequency, and spills its transformed tiles, 2 tiles (ci + co). Wide layers want blocks beyond the cache,
// until the two are alike.
INLINE int NAME(tiles_per_gradient_block)(int ci, int co, int tiles) {
  long alike = MIN(128, (long)ci * co / (ci + co) / 16 * 16);
  long most = ((long)tiles + 15) / 16 * 16;
  return (int)MAX(NAME(tiles_per_block)(ci, co, tiles), MIN(alike, most));
}

INLINE NAME(winograd) NAME(plan)(ck_map x, ck_map y, int block) {
  NAME(winograd) w = {.x = x, .y = y, .block = block};
  w.tiles_across = (x.width + 3) / 4;
  w.tiles = NAME(tiles_of)(y);
  w.input_plane = (long)w.block * x.channels + 16;
  w.output_plane = (long)w.block * y.channels + 16;
  return w;
}

// Rows, columns and pixels of the output's tile, fewer at the lower and right edges.
INLINE int NAME(tile_rows)(const NAME(winograd) *w, int tile) {
  return MIN(4, w->y.height - tile / w->tiles_across * 4);
}
INLINE int NAME(tile_columns)(const NAME(winograd) *w, int tile) {
  return MIN(4, w->y.width - tile % w->tiles_across * 4);
}
INLINE int NAME(tile_pixels)(const NAME(winograd) *w, int tile) {
  return NAME(tile_rows)(w, tile) * NAME(tile_columns)(w, tile);
}

// MARK: one-dimensional transforms

INLINE void NAME(input_1d)(vec *o, long s, vec d0, vec d1, vec d2, vec d3, vec d4, vec d5) {
  vec a = d4 - 4 * d2, b = d3 - 4 * d1, c = d4 - d2, d = 2 * (d3 - d1);
  o[0] = 4 * d0 - 5 * d2 + d4;
  o[s] = a + b;
  o[2 * s] = a - b;
  o[3 * s] = c + d;
  o[4 * s] = c - d;
  o[5 * s] = 4 * d1 - 5 * d3 + d5;
}

INLINE void NAME(output_1d)(vec *o, long s, vec m0, vec m1, vec m2, vec m3, vec m4, vec m5) {
  vec a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4;
  o[0] = m0 + a + c;
  o[s] = b + 2 * d;
  o[2 * s] = a + 4 * c;
  o[3 * s] = b + 8 * d + m5;
}

// The adjoint of output_1d.
INLINE void NAME(gradient_1d)(vec *o, long s, vec y0, vec y1, vec y2, vec y3) {
  vec a = y0 + y2, b = y1 + y3, c = y0 + 4 * y2, d = 2 * y1 + 8 * y3;
  o[0] = y0;
  o[s] = a + b;
  o[2 * s] = a - b;
  o[3 * s] = c + d;
  o[4 * s] = c - d;
  o[5 * s] = y3;
}

INLINE void NAME(filter_1d)(vec *o, long s, vec g0, vec g1, vec g2) {
  vec a = g0 + g2, b = g0 * (REAL)(1.0 / 24) + g2 * (REAL)(1.0 / 6), c = g1 * (REAL)(1.0 / 12);
  o[0] = g0 * (REAL)0.25;
  o[s] = (a + g1) * (REAL)(-1.0 / 6);
  o[2 * s] = (a - g1) * (REAL)(-1.0 / 6);
  o[3 * s] = b + c;
  o[4 * s] = b - c;
  o[5 * s] = g2;
}

// The adjoint of filter_1d.
INLINE void NAME(filter_gradient_1d)(vec *o, long s, vec u0, vec u1, vec u2, vec u3, vec u4, vec u5) {
  vec a = (u1 + u2) * (REAL)(-1.0 / 6), b = u3 + u4;
  o[0] = u0 * (REAL)0.25 + a + b * (REAL)(1.0 / 24);
  o[s] = (u2 - u1) * (REAL)(1.0 / 6) + (u3 - u4) * (REAL)(1.0 / 12);
  o[2 * s] = a + b * (REAL)(1.0 / 6) + u5;
}

// MARK: tiles

// The second, horizontal transform of a row, into a row of frequencies.
INLINE void NAME(store_row)(REAL *v, long plane, const vec *t) {
  vec o[6];
  NAME(input_1d)(o, 1, t[0], t[1], t[2], t[3], t[4], t[5]);
  for (int j = 0; j < 6; j++) STORE(v + j * plane, o[j]);
}

// 6x6 pixels from d on, one vector of channels each -> one vector of every frequency. Two rows of frequencies at a
// time, as many as the registers hold: what is loaded twice is in the first-level cache, what isn't stored in between
// doesn't wait for its one store a cycle.
INLINE void NAME(input_36)(const REAL *d, long row, long column, REAL *v, long plane) {
  vec t[6], s[6];
#define D(i, j) LOAD(d + (i) * row + (j) * column)
  for (int j = 0; j < 6; j++) t[j] = 4 * D(0, j) - 5 * D(2, j) + D(4, j);
  NAME(store_row)(v, plane, t);
  for (int j = 0; j < 6; j++) {
    vec a = D(4, j) - 4 * D(2, j), b = D(3, j) - 4 * D(1, j);
    t[j] = a + b;
    s[j] = a - b;
  }
  NAME(store_row)(v + 6 * plane, plane, t);
  NAME(store_row)(v + 12 * plane, plane, s);
  for (int j = 0; j < 6; j++) {
    vec a = D(4, j) - D(2, j), b = 2 * (D(3, j) - D(1, j));
    t[j] = a + b;
    s[j] = a - b;
  }
  NAME(store_row)(v + 18 * plane, plane, t);
  NAME(store_row)(v + 24 * plane, plane, s);
  for (int j = 0; j < 6; j++) t[j] = 4 * D(1, j) - 5 * D(3, j) + D(5, j);
  NAME(store_row)(v + 30 * plane, plane, t);
#undef D
}

// One 6x6 tile of x around the 4x4 pixels at (row, column) -> row `tile` of every frequency of v.
static __attribute__((noinline)) void NAME(input_tile)(const NAME(winograd) *w, int tile, REAL *v) {
  const ck_map *x = &w->x;
  int row = tile / w->tiles_across * 4 - 1, column = tile % w->tiles_across * 4 - 1, ci = x->channels;
  if (row >= 0 && column >= 0 && row + 6 <= x->height && column + 6 <= x->width) {
    const REAL *p = NAME(pixel)(x, row, column);
    long line = (long)x->width * x->stride;
    // What the next tile has beside this one.
    for (int i = 2; i < 6; i++)
      for (int j = 6; j < 10; j++)
        for (int c = 0; c < ci; c += CACHE_LINE) __builtin_prefetch(p + i * line + j * x->stride + c);
    for (int c = 0; c < ci; c += LANES)
      NAME(input_36)(p + c, line, x->stride, v + c, w->input_plane);
    return;
  }
  for (int c = 0; c < ci; c += LANES) {
    vec d[36];
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 6; j++) {
        int r = row + i, k = column + j;
        d[i * 6 + j] = r >= 0 && k >= 0 && r < x->height && k < x->width ? LOAD(NAME(pixel)(x, r, k) + c) : (vec)0;
      }
    NAME(input_36)((const REAL *)d, 6 * LANES, LANES, v + c, w->input_plane);
  }
}

// The pixels of one tile into a block's sums: [pivot, sum, squares][co].
INLINE void NAME(add_tile)(const vec *o, int rows, int columns, int is_first, int co, REAL *sums) {
  vec pivot = LOAD(sums), sum = 0, squares = 0;
  if (is_first) {
    pivot = 0;
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) pivot += o[i * 4 + j];
    pivot /= (REAL)(rows * columns);
    STORE(sums, pivot);
  }
  if (rows == 4 && columns == 4) {
    for (int i = 0; i < 16; i += 4) {
      vec a = o[i] - pivot, b = o[i + 1] - pivot, c = o[i + 2] - pivot, d = o[i + 3] - pivot;
      sum += (a + b) + (c + d);
      squares += (a * a + b * b) + (c * c + d * d);
    }
  } else {
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) {
        vec d = o[i * 4 + j] - pivot;
        sum += d;
        squares += d * d;
      }
  }
  STORE(sums + co, LOAD(sums + co) + sum);
  STORE(sums + 2 * co, LOAD(sums + 2 * co) + squares);
}

// Row `tile` of every frequency of m -> 4x4 pixels of y, plus bias. Where asked for, the pixels go into a block's
// `sums`, whose pivot a block's first tile makes.
static __attribute__((noinline)) void NAME(output_tile)(const NAME(winograd) *w, int tile, const REAL *m,
                                                        REAL *sums, int is_first) {
  const ck_map *y = &w->y;
  int row = tile / w->tiles_across * 4, column = tile % w->tiles_across * 4, co = y->channels;
  int rows = NAME(tile_rows)(w, tile), columns = NAME(tile_columns)(w, tile);
  REAL *p = NAME(mutable_pixel)(y, row, column);
  long s = (long)y->width * y->stride;
  for (int c = 0; c < co; c += LANES) {
    vec t[24], o[16];
    for (int j = 0; j < 6; j++) {
      const REAL *q = m + j * w->output_plane + c;
      long f = 6 * w->output_plane;
      NAME(output_1d)(t + j, 6, LOAD(q), LOAD(q + f), LOAD(q + 2 * f), LOAD(q + 3 * f), LOAD(q + 4 * f),
                      LOAD(q + 5 * f));
    }
    for (int i = 0; i < 4; i++) {
      vec *r = t + i * 6;
      NAME(output_1d)(o + i * 4, 1, r[0], r[1], r[2], r[3], r[4], r[5]);
    }
    if (w->bias) {
      vec bias = LOAD(w->bias + c);
      for (int i = 0; i < 16; i++) o[i] += bias;
    }
    if (rows == 4 && columns == 4) {
      for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) STORE(p + i * s + j * y->stride + c, o[i * 4 + j]);
    } else {
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) STORE(p + i * s + j * y->stride + c, o[i * 4 + j]);
    }
    if (sums) NAME(add_tile)(o, rows, columns, is_first, co, sums + c);
  }
}

// The adjoint's second, horizontal transform of a row, into a row of frequencies.
INLINE void NAME(store_gradient_row)(REAL *v, long plane, const vec *t) {
  vec o[6];
  NAME(gradient_1d)(o, 1, t[0], t[1], t[2], t[3]);
  for (int j = 0; j < 6; j++) STORE(v + j * plane, o[j]);
}

// 4x4 pixels from y on -> one vector of every frequency; by two rows, as input_36.
INLINE void NAME(gradient_36)(const REAL *y, long row, long column, REAL *v, long plane) {
  vec t[4], s[4];
#define Y(i, j) LOAD(y + (i) * row + (j) * column)
  for (int j = 0; j < 4; j++) t[j] = Y(0, j);
  NAME(store_gradient_row)(v, plane, t);
  for (int j = 0; j < 4; j++) {
    vec a = Y(0, j) + Y(2, j), b = Y(1, j) + Y(3, j);
    t[j] = a + b;
    s[j] = a - b;
  }
  NAME(store_gradient_row)(v + 6 * plane, plane, t);
  NAME(store_gradient_row)(v + 12 * plane, plane, s);
  for (int j = 0; j < 4; j++) {
    vec a = Y(0, j) + 4 * Y(2, j), b = 2 * Y(1, j) + 8 * Y(3, j);
    t[j] = a + b;
    s[j] = a - b;
  }
  NAME(store_gradient_row)(v + 18 * plane, plane, t);
  NAME(store_gradient_row)(v + 24 * plane, plane, s);
  for (int j = 0; j < 4; j++) t[j] = Y(3, j);
  NAME(store_gradient_row)(v + 30 * plane, plane, t);
#undef Y
}

// 4x4 pixels of dy -> row `tile` of every frequency of d.
static __attribute__((noinline)) void NAME(gradient_tile)(const NAME(winograd) *w, int tile, REAL *d) {
  const ck_map *y = &w->y;
  int row = tile / w->tiles_across * 4, column = tile % w->tiles_across * 4, co = y->channels;
  if (row + 4 <= y->height && column + 4 <= y->width) {
    const REAL *p = NAME(pixel)(y, row, column);
    long line = (long)y->width * y->stride;
    for (int c = 0; c < co; c += LANES) NAME(gradient_36)(p + c, line, y->stride, d + c, w->output_plane);
    return;
  }
  for (int c = 0; c < co; c += LANES) {
    vec p[16];
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++)
        p[i * 4 + j] =
            row + i < y->height && column + j < y->width ? LOAD(NAME(pixel)(y, row + i, column + j) + c) : (vec)0;
    NAME(gradient_36)((const REAL *)p, 4 * LANES, LANES, d + c, w->output_plane);
  }
}

// MARK: convolution

// The tiles of block `index`, m pointing to its first; its statistics where asked for, through `sums` [3][co].
INLINE void NAME(output_block)(const NAME(winograd) *w, int index, int block, const REAL *m, REAL *sums) {
  int co = w->y.channels, first = index * block, count = MIN(block, w->tiles - first);
  if (sums) memset(sums, 0, 3 * (size_t)co * sizeof(REAL));
  long pixels = 0;
  for (int t = 0; t < count; t++) {
    NAME(output_tile)(w, first + t, m + (long)t * co, sums, t == 0);
    pixels += NAME(tile_pixels)(w, first + t);
  }
  if (sums) NAME(block_moments)(sums, pixels, co, w->moments + index * NAME(moments)(co));
}

// m = v . u for `rows` tiles.
INLINE void NAME(all_products)(const NAME(winograd) *w, int rows, const REAL *v, REAL *m) {
  int ci = w->x.channels, co = w->y.channels;
  for (int f = 0; f < FREQUENCIES; f++)
    NAME(product)(rows, ci, co, v + f * w->input_plane, w->u + (long)f * ci * co, m + f * w->output_plane);
}

static void NAME(convolve_block)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(winograd) *w = context;
  int ci = w->x.channels, co = w->y.channels, first = index * w->block;
  int count = MIN(w->block, w->tiles - first);
  long input = FREQUENCIES * w->input_plane, output = FREQUENCIES * w->output_plane;
  REAL *v = ck_scratch(workers, worker, (size_t)(input + output + 3 * co) * sizeof(REAL));
  REAL *m = v + input, *sums = w->moments ? m + output : NULL;
  for (int t = 0; t < count; t++) NAME(input_tile)(w, first + t, v + (long)t * ci);
  NAME(all_products)(w, count, v, m);
  NAME(output_block)(w, index, w->block, m, sums);
}

static void NAME(products_block)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(winograd) *w = context;
  int count = MIN(w->block, w->tiles - index * w->block);
  REAL *v = ck_scratch(workers, worker, FREQUENCIES * (w->input_plane + w->output_plane) * sizeof(REAL));
  NAME(all_products)(w, count, v, v + FREQUENCIES * w->input_plane);
}

static void NAME(products)(ck_workers *workers, ck_map x, const void *u, ck_map y) {
  int tiles = NAME(tiles_of)(y), block = NAME(tiles_per_block)(x.channels, y.channels, tiles);
  NAME(winograd) w = NAME(plan)(x, y, block);
  w.u = u;
  ck_run(workers, (tiles + block - 1) / block, NAME(products_block), &w);
}

// A map with fewer blocks than workers: all its tiles at once, stage by stage, the products shared out by
// frequency. Products and statistics are still those of the blocks, so the result is the same to the last bit.
typedef struct {
  NAME(winograd) w;
  int block;
  REAL *v, *m;
} NAME(stages);

static void NAME(stage_input)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(stages) *s = context;
  for (int t = index * 4; t < MIN(s->w.tiles, index * 4 + 4); t++)
    NAME(input_tile)(&s->w, t, s->v + (long)t * s->w.x.channels);
}

static void NAME(stage_product)(void *context, ck_workers *workers, int f, int worker) {
  const NAME(stages) *s = context;
  int ci = s->w.x.channels, co = s->w.y.channels;
  for (int first = 0; first < s->w.tiles; first += s->block)
    NAME(product)(MIN(s->block, s->w.tiles - first), ci, co, s->v + f * s->w.input_plane + (long)first * ci,
                  s->w.u + (long)f * ci * co, s->m + f * s->w.output_plane + (long)first * co);
}

static void NAME(stage_output)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(stages) *s = context;
  int co = s->w.y.channels;
  REAL *sums = s->w.moments ? ck_scratch(workers, worker, 3 * (size_t)co * sizeof(REAL)) : NULL;
  NAME(output_block)(&s->w, index, s->block, s->m + (long)index * s->block * co, sums);
}

static void NAME(convolve)(ck_workers *workers, ck_map x, const void *u, const void *bias, ck_map y, void *mean,
                           void *rstd) {
  int tiles = NAME(tiles_of)(y), block = NAME(tiles_per_block)(x.channels, y.channels, tiles);
  int blocks = (tiles + block - 1) / block;
  int by_stages = blocks < ck_workers_count(workers);
  NAME(stages) s = {.w = NAME(plan)(x, y, by_stages ? (tiles + 15) / 16 * 16 : block), .block = block};
  long input = FREQUENCIES * s.w.input_plane, output = FREQUENCIES * s.w.output_plane;
  size_t moments = mean ? (blocks * NAME(moments)(y.channels) * sizeof(double) + 63) / 64 * 64 : 0;
  char *shared =
      ck_shared_scratch(workers, moments + (by_stages ? (size_t)(input + output) * sizeof(REAL) : 0));
  s.w.u = u;
  s.w.bias = bias;
  s.w.moments = mean ? (double *)shared : NULL;
  if (by_stages) {
    s.v = (REAL *)(shared + moments);
    s.m = s.v + input;
    ck_run(workers, (tiles + 3) / 4, NAME(stage_input), &s);
    ck_run(workers, FREQUENCIES, NAME(stage_product), &s);
    ck_run(workers, blocks, NAME(stage_output), &s);
  } else {
    ck_run(workers, blocks, NAME(convolve_block), &s.w);
  }
  if (mean) NAME(finish_statistics)(s.w.moments, blocks, y.channels, mean, rstd);
}

// MARK: filters

typedef struct {
  const REAL *w;
  REAL *u, *dw;
  const REAL *du;
  int outputs, inputs, transposed;
} NAME(filters);

INLINE int NAME(padded)(int channels) {
  return (channels + CK_CHANNEL_MULTIPLE - 1) / CK_CHANNEL_MULTIPLE * CK_CHANNEL_MULTIPLE;
}

static size_t NAME(filter_elements)(int inputs, int outputs) {
  return (size_t)FREQUENCIES * NAME(padded)(inputs) * NAME(padded)(outputs);
}

// Row k of u (an input channel of the product), all its columns n (output channels).
static void NAME(transform_filter_row)(void *context, ck_workers *workers, int k, int worker) {
  const NAME(filters) *f = context;
  int depth = f->transposed ? f->outputs : f->inputs, width = f->transposed ? f->inputs : f->outputs;
  int ci = NAME(padded)(depth), co = NAME(padded)(width);
  for (int n = 0; n < co; n += LANES) {
    vec g[9], t[18], o[36];
    for (int tap = 0; tap < 9; tap++) g[tap] = 0;
    for (int l = 0; l < LANES; l++) {
      if (k >= depth || n + l >= width) break;
      const REAL *p = f->transposed ? f->w + ((long)k * f->inputs + n + l) * 9
                                    : f->w + ((long)(n + l) * f->inputs + k) * 9;
      for (int tap = 0; tap < 9; tap++) g[tap][l] = p[f->transposed ? 8 - tap : tap];
    }
    for (int j = 0; j < 3; j++) NAME(filter_1d)(t + j, 3, g[j], g[3 + j], g[6 + j]);
    int panel = n / PANEL(co) * PANEL(co), wide = MIN(PANEL(co), co - panel);
    for (int i = 0; i < 6; i++) {
      NAME(filter_1d)(o + i * 6, 1, t[i * 3], t[i * 3 + 1], t[i * 3 + 2]);
      for (int j = 0; j < 6; j++)
        STORE(f->u + (long)(i * 6 + j) * ci * co + (long)panel * ci + (long)k * wide + n - panel, o[i * 6 + j]);
    }
  }
}

static void NAME(transform_filter)(ck_workers *workers, const void *w, int outputs, int inputs, int transposed,
                                   void *u) {
  NAME(filters) f = {.w = w, .u = u, .outputs = outputs, .inputs = inputs, .transposed = transposed};
  ck_run(workers, NAME(padded)(transposed ? outputs : inputs), NAME(transform_filter_row), &f);
}

// Each frequency's product belongs to one worker, so that every sum is added in the same order whatever the
// number of workers.
static void NAME(gradient_frequencies)(void *context, ck_workers *workers, int f, int worker) {
  const NAME(winograd) *w = context;
  int ci = w->x.channels, co = w->y.channels;
  REAL *du = w->du + (long)f * ci * co;
  if (w->anew) memset(du, 0, (size_t)ci * co * sizeof(REAL));
  NAME(outer)(w->tiles, ci, co, w->v + f * w->input_plane, w->d + f * w->output_plane, du);
}

typedef struct {
  NAME(winograd) w;
  int first;
  REAL *v, *d;
} NAME(gradient_block);

static void NAME(gradient_tiles)(void *context, ck_workers *workers, int index, int worker) {
  NAME(gradient_block) *b = context;
  for (int t = index * 16; t < MIN(b->w.tiles, index * 16 + 16); t++) {
    NAME(input_tile)(&b->w, b->first + t, b->v + (long)t * b->w.x.channels);
    NAME(gradient_tile)(&b->w, b->first + t, b->d + (long)t * b->w.y.channels);
  }
}

static void NAME(accumulate_filter_gradient)(ck_workers *workers, ck_map x, ck_map dy, int anew, void *du) {
  int block = NAME(tiles_per_gradient_block)(x.channels, dy.channels, NAME(tiles_of)(dy));
  NAME(gradient_block) b = {.w = NAME(plan)(x, dy, block)};
  int tiles = b.w.tiles;
  long input = FREQUENCIES * b.w.input_plane, output = FREQUENCIES * b.w.output_plane;
  b.v = ck_shared_scratch(workers, (size_t)(input + output) * sizeof(REAL));
  b.d = b.v + input;
  b.w.v = b.v;
  b.w.d = b.d;
  b.w.du = du;
  for (b.first = 0; b.first < tiles; b.first += b.w.block) {
    b.w.tiles = MIN(b.w.block, tiles - b.first);
    b.w.anew = anew && b.first == 0;
    ck_run(workers, (b.w.tiles + 15) / 16, NAME(gradient_tiles), &b);
    ck_run(workers, FREQUENCIES, NAME(gradient_frequencies), &b.w);
  }
}

static void NAME(finish_filter_row)(void *context, ck_workers *workers, int k, int worker) {
  const NAME(filters) *f = context;
  int ci = NAME(padded)(f->inputs), co = NAME(padded)(f->outputs);
  for (int n = 0; n < f->outputs; n += LANES) {
    vec t[18], g[9];
    for (int j = 0; j < 6; j++) {
      const REAL *p = f->du + (long)j * ci * co + (long)k * co + n;
      long s = 6l * ci * co;
      NAME(filter_gradient_1d)(t + j, 6, LOAD(p), LOAD(p + s), LOAD(p + 2 * s), LOAD(p + 3 * s), LOAD(p + 4 * s),
                               LOAD(p + 5 * s));
    }
    for (int i = 0; i < 3; i++) {
      vec *r = t + i * 6;
      NAME(filter_gradient_1d)(g + i * 3, 1, r[0], r[1], r[2], r[3], r[4], r[5]);
    }
    for (int l = 0; l < LANES && n + l < f->outputs; l++) {
      REAL *p = f->dw + ((long)(n + l) * f->inputs + k) * 9;
      for (int tap = 0; tap < 9; tap++) p[tap] += g[tap][l];
    }
  }
}

static void NAME(finish_filter_gradient)(ck_workers *workers, const void *du, int outputs, int inputs, void *dw) {
  NAME(filters) f = {.du = du, .dw = dw, .outputs = outputs, .inputs = inputs};
  ck_run(workers, inputs, NAME(finish_filter_row), &f);
}
