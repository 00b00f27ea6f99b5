// The vector vocabulary of the kernel templates. A file that includes them defines REAL, LANES, ROWS
// (rows of a register tile in the matrix products) and NAME(x) first.
typedef REAL vec __attribute__((ext_vector_type(LANES)));
typedef REAL uvec __attribute__((ext_vector_type(LANES), aligned(sizeof(REAL)), may_alias));
typedef uint32_t bits __attribute__((ext_vector_type(LANES)));

#define LOAD(p) ((vec)(*(const uvec *)(p)))
#define STORE(p, v) (*(uvec *)(p) = (v))
#define INLINE static inline __attribute__((always_inline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

INLINE const REAL *NAME(pixel)(const ck_map *m, int row, int column) {
  return (const REAL *)m->data + ((long)row * m->width + column) * m->stride;
}
INLINE REAL *NAME(mutable_pixel)(const ck_map *m, int row, int column) {
  return (REAL *)m->data + ((long)row * m->width + column) * m->stride;
}
typedef REAL pair __attribute__((ext_vector_type(2)));
#if LANES > 2
typedef REAL quad __attribute__((ext_vector_type(4)));
#endif

// By halves: a chain of log2(LANES) additions.
INLINE REAL NAME(horizontal_sum)(vec v) {
#if LANES == 16
  quad q = v.lo.lo + v.lo.hi + (v.hi.lo + v.hi.hi);
#elif LANES == 8
  quad q = v.lo + v.hi;
#elif LANES == 4
  quad q = v;
#endif
#if LANES > 2
  pair p = q.lo + q.hi;
#else
  pair p = v;
#endif
  return p.x + p.y;
}

// Sums over pixels are kept per block as doubles [block][2][channels] and added in block order into `sum`.
INLINE void NAME(reduce_partials)(const double *partials, int blocks, int channels, double *sum) {
  for (int c = 0; c < 2 * channels; c++) sum[c] = 0;
  for (int b = 0; b < blocks; b++)
    for (int c = 0; c < 2 * channels; c++) sum[c] += partials[(long)b * 2 * channels + c];
}

// Elements of a line of the caches.
#define CACHE_LINE (64 / (int)sizeof(REAL))
