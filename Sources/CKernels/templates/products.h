// The matrix products of the Winograd domain, in register tiles: every element is summed in the order of k, so it
// doesn't depend on the rows beside it.

// Columns of a panel of u.
#define PANEL(co) (2 * LANES)

// c [rows x width] = a [rows x k] . b [k x width], for a register tile of `rows` by `vectors` vectors.
INLINE void NAME(tile_product)(int rows, int vectors, const REAL *a, long as, const REAL *b, int k, REAL *c,
                               long cs) {
  vec acc[rows][vectors];
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) acc[r][n] = 0;
  for (int i = 0; i < k; i++, b += vectors * LANES) {
    vec bv[vectors];
    for (int n = 0; n < vectors; n++) bv[n] = LOAD(b + n * LANES);
    for (int r = 0; r < rows; r++) {
      REAL s = a[r * as + i];
      for (int n = 0; n < vectors; n++) acc[r][n] += s * bv[n];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) STORE(c + r * cs + n * LANES, acc[r][n]);
}

// c [rows x width] += a^T [rows x k] . b [k x width]; a is [k x as], b [k x bs]. Summed by itself first: c may hold
// the sum of a batch, beside which single products would lose digits.
INLINE void NAME(tile_outer)(int rows, int vectors, const REAL *a, long as, const REAL *b, long bs, int k,
                             REAL *c, long cs) {
  vec acc[rows][vectors];
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++) acc[r][n] = 0;
  for (int t = 0; t < k; t++, a += as, b += bs) {
    vec bv[vectors];
    for (int n = 0; n < vectors; n++) bv[n] = LOAD(b + n * LANES);
    for (int r = 0; r < rows; r++) {
      REAL s = a[r];
      for (int n = 0; n < vectors; n++) acc[r][n] += s * bv[n];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < vectors; n++)
      STORE(c + r * cs + n * LANES, LOAD(c + r * cs + n * LANES) + acc[r][n]);
}

// Register tiles by panel width. Sixteen rows of one vector or ROWS rows of two.
static __attribute__((noinline)) void NAME(product_wide)(const REAL *a, long as, const REAL *b, int k, REAL *c,
                                                         long cs) {
  NAME(tile_product)(ROWS, 2, a, as, b, k, c, cs);
}
static __attribute__((noinline)) void NAME(product_narrow)(const REAL *a, long as, const REAL *b, int k,
                                                           REAL *c, long cs) {
  NAME(tile_product)(2 * ROWS, 1, a, as, b, k, c, cs);
}
static __attribute__((noinline)) void NAME(outer_wide)(const REAL *a, long as, const REAL *b, long bs, int k,
                                                       REAL *c, long cs) {
  NAME(tile_outer)(ROWS, 2, a, as, b, bs, k, c, cs);
}
static __attribute__((noinline)) void NAME(outer_narrow)(const REAL *a, long as, const REAL *b, long bs, int k,
                                                         REAL *c, long cs) {
  NAME(tile_outer)(2 * ROWS, 1, a, as, b, bs, k, c, cs);
}

// m [rows x co] = v [rows x ci] . u, rows rounded up to whole register tiles (blocks have room for a multiple of
// 16); u in panels of PANEL columns (the last may be half as wide).
INLINE void NAME(product)(int rows, int ci, int co, const REAL *v, const REAL *u, REAL *m) {
  for (int n = 0; n < co; n += PANEL(co)) {
    const REAL *panel = u + (long)n * ci;
    if (co - n >= PANEL(co))
      for (int r = 0; r < rows; r += ROWS)
        NAME(product_wide)(v + (long)r * ci, ci, panel, ci, m + (long)r * co + n, co);
    else
      for (int r = 0; r < rows; r += 2 * ROWS)
        NAME(product_narrow)(v + (long)r * ci, ci, panel, ci, m + (long)r * co + n, co);
  }
}

// du [ci x co] += v^T . d, over `rows` rows of both.
INLINE void NAME(outer)(int rows, int ci, int co, const REAL *v, const REAL *d, REAL *du) {
  for (int n = 0; n < co; n += PANEL(co)) {
    if (co - n >= PANEL(co))
      for (int r = 0; r < ci; r += ROWS)
        NAME(outer_wide)(v + r, ci, d + n, co, rows, du + (long)r * co + n, co);
    else
      for (int r = 0; r < ci; r += 2 * ROWS)
        NAME(outer_narrow)(v + r, ci, d + n, co, rows, du + (long)r * co + n, co);
  }
}
