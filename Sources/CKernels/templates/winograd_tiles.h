// 3x3 convolution by Winograd's F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308): the input in
// overlapping 6x6 tiles, 36 matrix products of [tiles x inputs] by [inputs x outputs], and the products
// back to 4x4 pixels. A block of tiles goes through all three stages while it is in the cache.

#define FREQUENCIES 36

typedef struct {
  const ck_input *in;
  ck_map x, y;  // x has the size and the channels of what is read, and no data
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

INLINE int NAME(input_channels)(const ck_input *in) {
  int channels = 0;
  for (int i = 0; i < in->count; i++) channels += in->parts[i].map.channels;
  return channels;
}

INLINE NAME(winograd) NAME(plan)(const ck_input *in, ck_map y, int block) {
  NAME(winograd) w = {.in = in, .y = y, .block = block};
  w.x = (ck_map){.height = y.height, .width = y.width, .channels = NAME(input_channels)(in)};
  w.tiles_across = (y.width + 3) / 4;
  w.tiles = NAME(tiles_of)(y);
  w.input_plane = (long)w.block * w.x.channels + 16;
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
