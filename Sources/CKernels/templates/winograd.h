// 3x3 convolution by Winograd's transforms, and its gradients.

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
  int co = w->y.channels, first = index * w->block;
  int count = MIN(w->block, w->tiles - first);
  long input = FREQUENCIES * w->input_plane, output = FREQUENCIES * w->output_plane;
  REAL *patch = ck_scratch(workers, worker, (size_t)(PATCH_SCRATCH + input + output + 3 * co) * sizeof(REAL));
  REAL *v = patch + PATCH_SCRATCH, *m = v + input, *sums = w->moments ? m + output : NULL;
  NAME(input_tiles)(w, first, count, v, patch);
  NAME(all_products)(w, count, v, m);
  NAME(output_block)(w, index, w->block, m, sums);
}

static void NAME(products_block)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(winograd) *w = context;
  int count = MIN(w->block, w->tiles - index * w->block);
  REAL *v = ck_scratch(workers, worker, FREQUENCIES * (w->input_plane + w->output_plane) * sizeof(REAL));
  NAME(all_products)(w, count, v, v + FREQUENCIES * w->input_plane);
}

static void NAME(products)(ck_workers *workers, ck_input x, const void *u, ck_map y) {
  int tiles = NAME(tiles_of)(y), block = NAME(tiles_per_block)(NAME(input_channels)(&x), y.channels, tiles);
  NAME(winograd) w = NAME(plan)(&x, y, block);
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
  REAL *patch = ck_scratch(workers, worker, PATCH_SCRATCH * sizeof(REAL));
  NAME(input_tiles)(&s->w, index * 4, MIN(4, s->w.tiles - index * 4), s->v + index * 4l * s->w.x.channels, patch);
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

static void NAME(convolve)(ck_workers *workers, ck_input x, const void *u, const void *bias, ck_map y, void *mean,
                           void *rstd) {
  int tiles = NAME(tiles_of)(y), block = NAME(tiles_per_block)(NAME(input_channels)(&x), y.channels, tiles);
  int blocks = (tiles + block - 1) / block;
  int by_stages = blocks < ck_workers_count(workers);
  NAME(stages) s = {.w = NAME(plan)(&x, y, by_stages ? (tiles + 15) / 16 * 16 : block), .block = block};
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
  NAME(outer)(w->tiles, ci, co, w->v + f * w->input_plane, w->d + f * w->output_plane, w->anew, du);
}

typedef struct {
  NAME(winograd) w;
  int first;
  REAL *v, *d;
} NAME(gradient_block);

static void NAME(gradient_tiles)(void *context, ck_workers *workers, int index, int worker) {
  NAME(gradient_block) *b = context;
  REAL *patch = ck_scratch(workers, worker, PATCH_SCRATCH * sizeof(REAL));
  int from = index * 16, to = MIN(b->w.tiles, from + 16);
  NAME(input_tiles)(&b->w, b->first + from, to - from, b->v + (long)from * b->w.x.channels, patch);
  for (int t = from; t < to; t++)
    NAME(gradient_tile)(&b->w, b->first + t, b->d + (long)t * b->w.y.channels);
}

static void NAME(accumulate_filter_gradient)(ck_workers *workers, ck_input x, ck_map dy, int anew, void *du) {
  int block = NAME(tiles_per_gradient_block)(NAME(input_channels)(&x), dy.channels, NAME(tiles_of)(dy));
  NAME(gradient_block) b = {.w = NAME(plan)(&x, dy, block)};
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
