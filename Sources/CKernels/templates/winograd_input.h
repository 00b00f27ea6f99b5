// How the parts of a convolution's input come into the Winograd domain: a map as it lies there, what is normalised or
// interpolated on the way by patches that stay in the first-level cache.

// Tiles beside one another, and channels, of a patch.
#define STRIP 8
#define GROUP 32
// Elements from row to row of a patch, and of all six.
#define PATCH_LINE ((4 * STRIP + 2) * GROUP)
#define PATCH (6 * PATCH_LINE)
// What a patch takes while it is made: it, and a row that is interpolated in one direction.
#define PATCH_SCRATCH (7 * PATCH_LINE)

// One 6x6 tile of a map around its 4x4 pixels -> row `tile` of every frequency of v.
static __attribute__((noinline)) void NAME(input_tile)(const NAME(winograd) *w, const ck_map *x, int tile, REAL *v) {
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

// Six rows of a strip around its tiles, `channels` from c on, as a patch; outside the map it is zero.
typedef struct {
  const ck_part *part;
  int row, column, columns, c, channels, line;
  int height, width;  // of what is read
} NAME(strip);

INLINE void NAME(clear)(const NAME(strip) *s, int from, int to, REAL *line) {
  for (int j = from; j < to; j++) memset(line + j * s->channels, 0, (size_t)s->channels * sizeof(REAL));
}

static __attribute__((noinline)) void NAME(normalized_patch)(const NAME(strip) *s, REAL *patch) {
  const ck_part *part = s->part;
  const ck_map *m = &part->map;
  const REAL *means = part->mean, *rstds = part->rstd;
  REAL slope = (REAL)part->slope;
  int channels = s->channels;
  long stride = m->stride;
  int from = MAX(0, -s->column), to = MIN(s->columns, s->width - s->column);
  for (int i = 0; i < 6; i++) {
    int row = s->row + i;
    REAL *line = patch + i * s->line;
    if (row < 0 || row >= s->height) {
      NAME(clear)(s, 0, s->columns, line);
      continue;
    }
    NAME(clear)(s, 0, from, line);
    NAME(clear)(s, to, s->columns, line);
    const REAL *y = NAME(pixel)(m, row, s->column + from) + s->c;
    for (int c = 0; c < channels; c += LANES) {
      vec mean = LOAD(means + s->c + c), rstd = LOAD(rstds + s->c + c);
      for (int j = from; j < to; j++) {
        const REAL *p = y + (j - from) * stride + c;
        __builtin_prefetch(p + 4 * STRIP * stride);
        STORE(line + j * channels + c, NAME(leaky)((LOAD(p) - mean) * rstd, slope));
      }
    }
  }
}

static __attribute__((noinline)) void NAME(interpolated_patch)(const NAME(strip) *s, REAL *patch) {
  const ck_map *m = &s->part->map;
  int from = MAX(0, -s->column), to = MIN(s->columns, s->width - s->column), channels = s->channels;
  NAME(place) columns[4 * STRIP + 2];
  for (int j = from; j < to; j++) columns[j] = NAME(source)(s->column + j, m->width, s->width);
  int first = columns[from].low, last = columns[to - 1].high;
  REAL *between = patch + PATCH;
  for (int i = 0; i < 6; i++) {
    int row = s->row + i;
    REAL *line = patch + i * s->line;
    if (row < 0 || row >= s->height) {
      NAME(clear)(s, 0, s->columns, line);
      continue;
    }
    NAME(clear)(s, 0, from, line);
    NAME(clear)(s, to, s->columns, line);
    NAME(place) r = NAME(source)(row, m->height, s->height);
    const REAL *low = NAME(pixel)(m, r.low, first) + s->c, *high = NAME(pixel)(m, r.high, first) + s->c;
    for (int j = 0; j <= last - first; j++, low += m->stride, high += m->stride)
      for (int c = 0; c < channels; c += LANES)
        STORE(between + j * channels + c, NAME(blend)(LOAD(low + c), LOAD(high + c), r.weight));
    for (int j = from; j < to; j++) {
      const REAL *a = between + (columns[j].low - first) * channels;
      const REAL *b = between + (columns[j].high - first) * channels;
      for (int c = 0; c < channels; c += LANES)
        STORE(line + j * channels + c, NAME(blend)(LOAD(a + c), LOAD(b + c), columns[j].weight));
    }
  }
}

// `count` tiles from `first` on -> rows of every frequency of v. patch: PATCH elements of scratch.
static void NAME(input_tiles)(const NAME(winograd) *w, int first, int count, REAL *v, REAL *patch) {
  int ci = w->x.channels;
  for (int t = 0, n; t < count; t += n) {
    int row = (first + t) / w->tiles_across, column = (first + t) % w->tiles_across, channel = 0;
    n = MIN(MIN(STRIP, count - t), w->tiles_across - column);
    for (int i = 0; i < w->in->count; i++) {
      const ck_part *part = &w->in->parts[i];
      REAL *to = v + (long)t * ci + channel;
      channel += part->map.channels;
      int as_it_is = part->map.height == w->x.height && part->map.width == w->x.width;
      if (as_it_is && !part->mean) {
        for (int k = 0; k < n; k++) NAME(input_tile)(w, &part->map, first + t + k, to + (long)k * ci);
        continue;
      }
      NAME(strip) s = {.part = part, .row = 4 * row - 1, .column = 4 * column - 1, .columns = 4 * n + 2,
                       .height = w->x.height, .width = w->x.width};
      for (; s.c < part->map.channels; s.c += GROUP) {
        s.channels = MIN(GROUP, part->map.channels - s.c);
        s.line = s.columns * s.channels;
        if (as_it_is) NAME(normalized_patch)(&s, patch); else NAME(interpolated_patch)(&s, patch);
        for (int k = 0; k < n; k++)
          for (int c = 0; c < s.channels; c += LANES)
            NAME(input_36)(patch + 4 * k * s.channels + c, s.line, s.channels, to + (long)k * ci + s.c + c, w->input_plane);
      }
    }
  }
}
