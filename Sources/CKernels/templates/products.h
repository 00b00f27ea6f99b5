// The matrix products of the Winograd domain, in register tiles: every element is summed in the order of k, so it
// doesn't depend on the rows beside it.

// Columns of a panel of u.
#define PANEL(co) (2 * LANES)
// Elements of u that are fetched before they are needed: 16 KiB.
#define PANELS_AHEAD (16384 / (int)sizeof(REAL))

// The largest register tile. Its arrays are of this size: one whose size is an argument stays in memory where it is made
// anew in a loop, though every use of it is inlined.
#define MOST_ROWS 16
#define MOST_VECTORS 2

// c [rows x width] = a [rows x k] . b [k x width], for a register tile of `rows` by `vectors` vectors.
INLINE void NAME(tile_product)(int rows, int vectors, const REAL *a, long as, const REAL *b, int k, REAL *c,
                               long cs) {
  vec acc[MOST_ROWS][MOST_VECTORS];
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) acc[r][n] = 0;
  for (int i = 0; i < k; i++, b += vectors * LANES) {
    vec bv[MOST_VECTORS];
    // The panels follow one another, through all frequencies: wide layers' come from beyond the second-level cache.
    for (int n = 0; n < vectors * LANES; n += CACHE_LINE) __builtin_prefetch(b + n + PANELS_AHEAD, 0, 2);
    for (int n = 0; n < vectors; n++) bv[n] = LOAD(b + n * LANES);
    for (int r = 0; r < rows; r++) {
      REAL s = a[r * as + i];
      for (int n = 0; n < vectors; n++) acc[r][n] += s * bv[n];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) STORE(c + r * cs + n * LANES, acc[r][n]);
}

// c [rows x width] += a^T [rows x k] . b [k x width], or anew = that; a is [k x as], b [k x bs]. Summed by itself
// first: c may hold the sum of a batch, beside which single products would lose digits.
INLINE void NAME(tile_outer)(int rows, int vectors, const REAL *a, long as, const REAL *b, long bs, int k,
                             int anew, REAL *c, long cs) {
  vec acc[MOST_ROWS][MOST_VECTORS];
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) acc[r][n] = 0;
  for (int t = 0; t < k; t++, a += as, b += bs) {
    vec bv[MOST_VECTORS];
    for (int n = 0; n < vectors; n++) bv[n] = LOAD(b + n * LANES);
    for (int r = 0; r < rows; r++) {
      REAL s = a[r];
      for (int n = 0; n < vectors; n++) acc[r][n] += s * bv[n];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++)
      STORE(c + r * cs + n * LANES, anew ? acc[r][n] : LOAD(c + r * cs + n * LANES) + acc[r][n]);
}

// Register tiles, each a function of its own: ROWS rows of two vectors or NARROW rows of one, and fewer for what is
// left below whole tiles.
#if ROWS == 8
#define NARROW 16
#else
#define NARROW 8
#endif
#define TILE(rows, vectors)                                                                                      \
  static __attribute__((noinline)) void NAME(product_##rows##x##vectors)(const REAL *a, long as, const REAL *b,   \
                                                                         int k, REAL *c, long cs) {               \
    NAME(tile_product)(rows, vectors, a, as, b, k, c, cs);                                                        \
  }                                                                                                               \
  static __attribute__((noinline)) void NAME(outer_##rows##x##vectors)(                                           \
      const REAL *a, long as, const REAL *b, long bs, int k, int anew, REAL *c, long cs) {                        \
    NAME(tile_outer)(rows, vectors, a, as, b, bs, k, anew, c, cs);                                                \
  }
TILE(2, 2)
TILE(4, 2)
TILE(4, 1)
#if ROWS == 6
TILE(6, 2)
#elif ROWS == 8
TILE(8, 2)
TILE(16, 1)
#endif
#if NARROW == 8
TILE(8, 1)
#endif
#undef TILE
#define TILE_(kind, rows, vectors) NAME(kind##_##rows##x##vectors)
#define TILE(kind, rows, vectors) TILE_(kind, rows, vectors)

// m [rows x co] = v [rows x ci] . u, rows rounded up to an even number, or a fourth one where the panel is narrow
// (blocks have room for a multiple of 16); u in panels of PANEL columns (the last may be half as wide).
INLINE void NAME(product)(int rows, int ci, int co, const REAL *v, const REAL *u, REAL *m) {
#define TIMES(tile) tile(v + (long)r * ci, ci, panel, ci, m + (long)r * co + n, co)
  for (int n = 0; n < co; n += PANEL(co)) {
    const REAL *panel = u + (long)n * ci;
    int r = 0;
    if (co - n >= PANEL(co)) {
      for (; r + ROWS <= rows; r += ROWS) TIMES(TILE(product, ROWS, 2));
      for (; r + 2 < rows; r += 4) TIMES(TILE(product, 4, 2));
      for (; r < rows; r += 2) TIMES(TILE(product, 2, 2));
    } else {
      for (; r + NARROW <= rows; r += NARROW) TIMES(TILE(product, NARROW, 1));
      for (; r < rows; r += 4) TIMES(TILE(product, 4, 1));
    }
  }
#undef TIMES
}

// du [ci x co] += v^T . d, or anew = that, over `rows` rows of both.
INLINE void NAME(outer)(int rows, int ci, int co, const REAL *v, const REAL *d, int anew, REAL *du) {
#define TIMES(tile) tile(v + r, ci, d + n, co, rows, anew, du + (long)r * co + n, co)
  for (int n = 0; n < co; n += PANEL(co)) {
    int r = 0;
    if (co - n >= PANEL(co)) {
      for (; r + ROWS <= ci; r += ROWS) TIMES(TILE(outer, ROWS, 2));
      for (; r + 4 <= ci; r += 4) TIMES(TILE(outer, 4, 2));
      for (; r < ci; r += 2) TIMES(TILE(outer, 2, 2));
    } else {
      for (; r + NARROW <= ci; r += NARROW) TIMES(TILE(outer, NARROW, 1));
      for (; r < ci; r += 4) TIMES(TILE(outer, 4, 1));
    }
  }
#undef TIMES
}
