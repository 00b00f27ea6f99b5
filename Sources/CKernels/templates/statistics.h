// Instance-norm statistics of a map that is made block by block: biased variance, epsilon 1e-5.
//
// A block sums y - p and (y - p)^2, where each channel's pivot p is the mean of the block's first pixels. Sums of
// y and y^2 themselves would lose the deviation where it is small beside the mean: both grow with the mean's
// square, and float32 keeps seven digits of it. Blocks are joined in float64, in their order, by the formula of
// Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing sample variances", 1979).

// Doubles of one block: its pixels, each channel's mean, each channel's sum of squared deviations.
INLINE size_t NAME(moments)(int channels) { return 1 + 2 * (size_t)channels; }

// sums: each channel's pivot, sum of y - pivot and sum of (y - pivot)^2 over `pixels`.
INLINE void NAME(block_moments)(const REAL *sums, long pixels, int channels, double *moments) {
  const REAL *pivot = sums, *sum = sums + channels, *squares = sums + 2 * channels;
  double *mean = moments + 1, *deviations = mean + channels;
  moments[0] = (double)pixels;
  for (int c = 0; c < channels; c++) {
    double offset = sum[c] / (double)pixels;
    mean[c] = pivot[c] + offset;
    deviations[c] = squares[c] - offset * sum[c];
  }
}

// Joins all blocks in the first one's place.
INLINE void NAME(finish_statistics)(double *moments, int blocks, int channels, REAL *mean, REAL *rstd) {
  double *all = moments;
  for (int b = 1; b < blocks; b++) {
    const double *block = moments + b * NAME(moments)(channels);
    double before = all[0], pixels = before + block[0], share = block[0] / pixels;
    all[0] = pixels;
    for (int c = 1; c <= channels; c++) {
      double apart = block[c] - all[c];
      all[c] += apart * share;
      all[channels + c] += block[channels + c] + apart * apart * before * share;
    }
  }
  for (int c = 0; c < channels; c++) {
    double variance = all[1 + channels + c] / all[0];
    mean[c] = (REAL)all[1 + c];
    rstd[c] = (REAL)(1 / __builtin_sqrt((variance > 0 ? variance : 0) + 1e-5));
  }
}
