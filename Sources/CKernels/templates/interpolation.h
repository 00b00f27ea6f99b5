// Bilinear interpolation with aligned corners.

// Where element i of `out` lies among `in`: between `low` and `high`, `weight` of the latter.
typedef struct {
  int low, high;
  REAL weight;
} NAME(place);

INLINE NAME(place) NAME(source)(int i, int in, int out) {
  double s = out > 1 ? (double)i * (in - 1) / (out - 1) : 0;
  int low = MIN((int)s, in - 1);
  return (NAME(place)){.low = low, .high = MIN(low + 1, in - 1), .weight = (REAL)(s - low)};
}

INLINE vec NAME(blend)(vec low, vec high, REAL weight) { return low + weight * (high - low); }

// A pixel of a map, from channel c on, between four.
INLINE vec NAME(interpolated)(const ck_map *x, NAME(place) row, NAME(place) column, int c) {
#define X(r, k) LOAD(NAME(pixel)(x, row.r, column.k) + c)
  vec left = NAME(blend)(X(low, low), X(high, low), row.weight);
  vec right = NAME(blend)(X(low, high), X(high, high), row.weight);
#undef X
  return NAME(blend)(left, right, column.weight);
}
