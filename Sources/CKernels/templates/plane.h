// Layers with one channel on one side, where transforms don't pay: the first convolution (plane in) and the
// last, 1x1 (plane out). Direct loops, a block of rows at a time.

#define PLANE_ROWS 8

typedef struct {
  ck_map x, y;
  const REAL *w, *bias;
  double *moments;  // [block][...], see statistics.h
} NAME(plane);

// w [outputs][9] -> taps [9][outputs].
INLINE void NAME(transpose_taps)(const REAL *w, int outputs, REAL *taps) {
  for (int c = 0; c < outputs; c++)
    for (int tap = 0; tap < 9; tap++) taps[tap * outputs + c] = w[c * 9 + tap];
}

static void NAME(convolve_plane_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(plane) *l = context;
  int h = l->x.height, w = l->x.width, co = l->y.channels;
  int first = index * PLANE_ROWS, last = MIN(h, first + PLANE_ROWS);
  REAL *taps = ck_scratch(workers, worker, (size_t)co * 12 * sizeof(REAL)), *sums = taps + 9 * co;
  NAME(transpose_taps)(l->w, co, taps);
  const REAL *x = l->x.data;
  for (int c = 0; c < co; c += LANES) {
    vec tap[9], bias = l->bias ? LOAD(l->bias + c) : (vec)0, pivot = 0, sum = 0, squares = 0;
    for (int t = 0; t < 9; t++) tap[t] = LOAD(taps + t * co + c);
    for (int row = first; row < last; row++) {
      for (int column = 0; column < w; column++) {
        vec acc = bias;
        if (row > 0 && column > 0 && row + 1 < h && column + 1 < w) {
          const REAL *p = x + (long)(row - 1) * w + column - 1;
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) acc += p[(long)i * w + j] * tap[i * 3 + j];
        } else {
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
              int r = row + i - 1, k = column + j - 1;
              if (r >= 0 && k >= 0 && r < h && k < w) acc += x[(long)r * w + k] * tap[i * 3 + j];
            }
        }
        STORE(NAME(mutable_pixel)(&l->y, row, column) + c, acc);
        vec d = acc - pivot;
        sum += d;
        squares += d * d;
      }
      if (row > first) continue;
      // The first row's mean is the pivot, for that row too.
      pivot = sum / (REAL)w;
      sum = 0, squares = 0;
      for (int column = 0; column < w; column++) {
        vec d = LOAD(NAME(pixel)(&l->y, row, column) + c) - pivot;
        sum += d;
        squares += d * d;
      }
    }
    STORE(sums + c, pivot);
    STORE(sums + co + c, sum);
    STORE(sums + 2 * co + c, squares);
  }
  if (l->moments)
    NAME(block_moments)(sums, (long)(last - first) * w, co, l->moments + index * NAME(moments)(co));
}

static void NAME(convolve_plane)(ck_workers *workers, ck_map x, const void *w, const void *bias, ck_map y,
                                 void *mean, void *rstd) {
  NAME(plane) l = {.x = x, .y = y, .w = w, .bias = bias};
  int blocks = (x.height + PLANE_ROWS - 1) / PLANE_ROWS;
  if (mean) l.moments = ck_shared_scratch(workers, blocks * NAME(moments)(y.channels) * sizeof(double));
  ck_run(workers, blocks, NAME(convolve_plane_rows), &l);
  if (mean) NAME(finish_statistics)(l.moments, blocks, y.channels, mean, rstd);
}

static void NAME(plane_input_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(plane) *l = context;
  int h = l->y.height, w = l->y.width, co = l->y.channels;
  REAL *taps = ck_scratch(workers, worker, (size_t)co * 9 * sizeof(REAL)), *x = l->x.data;
  NAME(transpose_taps)(l->w, co, taps);
  long s = l->y.stride, line = (long)w * s;
  for (int row = index * PLANE_ROWS; row < MIN(h, (index + 1) * PLANE_ROWS); row++)
    for (int column = 0; column < w; column++) {
      const REAL *p = NAME(pixel)(&l->y, row, column);
      vec acc = 0;
      if (row > 0 && column > 0 && row + 1 < h && column + 1 < w) {
        for (int c = 0; c < co; c += LANES)
          for (int i = -1; i <= 1; i++)
            for (int j = -1; j <= 1; j++)
              acc += LOAD(p + i * line + j * s + c) * LOAD(taps + (4 - i * 3 - j) * co + c);
      } else {
        for (int i = -1; i <= 1; i++)
          for (int j = -1; j <= 1; j++) {
            int r = row + i, k = column + j;
            if (r < 0 || k < 0 || r >= h || k >= w) continue;
            for (int c = 0; c < co; c += LANES)
              acc += LOAD(p + i * line + j * s + c) * LOAD(taps + (4 - i * 3 - j) * co + c);
          }
      }
      x[(long)row * w + column] = NAME(horizontal_sum)(acc);
    }
}

static void NAME(plane_input_gradient)(ck_workers *workers, ck_map dy, const void *w, ck_map dx) {
  NAME(plane) l = {.x = dx, .y = dy, .w = w};
  ck_run(workers, (dy.height + PLANE_ROWS - 1) / PLANE_ROWS, NAME(plane_input_rows), &l);
}

// One worker: the whole gradient is nine vectors, and the layer is small.
static void NAME(plane_filter_gradient)(ck_workers *workers, ck_map x, ck_map dy, void *dw) {
  int h = x.height, w = x.width, co = dy.channels;
  const REAL *plane = x.data;
  REAL *gradient = dw;
  for (int c = 0; c < co; c += LANES) {
    double total[9][LANES] = {0};
    for (int row = 0; row < h; row++) {
      vec acc[9];
      for (int t = 0; t < 9; t++) acc[t] = 0;
      for (int column = 0; column < w; column++) {
        vec d = LOAD(NAME(pixel)(&dy, row, column) + c);
        if (row > 0 && column > 0 && row + 1 < h && column + 1 < w) {
          const REAL *p = plane + (long)(row - 1) * w + column - 1;
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) acc[i * 3 + j] += p[(long)i * w + j] * d;
        } else {
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
              int r = row + i - 1, k = column + j - 1;
              if (r >= 0 && k >= 0 && r < h && k < w) acc[i * 3 + j] += plane[(long)r * w + k] * d;
            }
        }
      }
      for (int t = 0; t < 9; t++)
        for (int l = 0; l < LANES; l++) total[t][l] += acc[t][l];
    }
    for (int l = 0; l < LANES; l++)
      for (int t = 0; t < 9; t++) gradient[(c + l) * 9 + t] += (REAL)total[t][l];
  }
}

// MARK: 1x1 to one channel

static void NAME(project_rows)(void *context, ck_workers *workers, int index, int worker) {
  const NAME(plane) *l = context;
  int w = l->x.width, ci = l->x.channels;
  REAL *y = l->y.data;
  for (int row = index * PLANE_ROWS; row < MIN(l->x.height, (index + 1) * PLANE_ROWS); row++)
    for (int column = 0; column < w; column++) {
      const REAL *p = NAME(pixel)(&l->x, row, column);
      vec acc = 0;
      for (int c = 0; c < ci; c += LANES) acc += LOAD(p + c) * LOAD(l->w + c);
      y[(long)row * w + column] = NAME(horizontal_sum)(acc) + l->bias[0];
    }
}

static void NAME(project)(ck_workers *workers, ck_map x, const void *w, const void *bias, ck_map y) {
  NAME(plane) l = {.x = x, .y = y, .w = w, .bias = bias};
  ck_run(workers, (x.height + PLANE_ROWS - 1) / PLANE_ROWS, NAME(project_rows), &l);
}

static void NAME(project_gradient)(ck_workers *workers, ck_map x, const void *w, ck_map dy, void *dw, void *dbias,
                                   ck_map dx) {
  const REAL *weights = w, *plane = dy.data;
  REAL *gradient = dw;
  double bias = 0;
  for (int c = 0; c < x.channels; c += LANES) {
    double total[LANES] = {0};
    for (int row = 0; row < x.height; row++) {
      vec acc = 0;
      for (int column = 0; column < x.width; column++) {
        REAL d = plane[(long)row * x.width + column];
        acc += d * LOAD(NAME(pixel)(&x, row, column) + c);
        STORE(NAME(mutable_pixel)(&dx, row, column) + c, d * LOAD(weights + c));
        if (c == 0) bias += d;
      }
      for (int l = 0; l < LANES; l++) total[l] += acc[l];
    }
    for (int l = 0; l < LANES; l++) gradient[c + l] += (REAL)total[l];
  }
  *(REAL *)dbias += (REAL)bias;
}
