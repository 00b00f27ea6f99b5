// The kernels of one instruction set beside plain loops in float64, for a processor that isn't at hand: run.sh builds
// this for 64-bit Arm and runs it under QEMU. Swift's tests check the same, and more, where they can be built.
//
//     kernels NAME          # neon, portable, avx2, avx512
//
// Exit status 1 where something differs by more than float32 can explain.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

static const ck_kernels *kernels;
static ck_workers *workers;
static int failures;

static double random_value(void) {
  static unsigned long long state = 1;
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (double)(state >> 40) / (1 << 23) - 1;
}

static float *values(long count) {
  float *made = aligned_alloc(64, ((size_t)count * sizeof(float) + 63) / 64 * 64);
  for (long i = 0; i < count; i++) made[i] = (float)random_value();
  return made;
}

static ck_map map(int height, int width, int channels) {
  return (ck_map){values((long)height * width * channels), channels, height, width, channels};
}

static double at(const ck_map *m, int row, int column, int c) {
  if (row < 0 || column < 0 || row >= m->height || column >= m->width) return 0;
  return ((const float *)m->data)[((long)row * m->width + column) * m->stride + c];
}

// Relative 2-norm of the difference.
static void check(const char *what, const float *found, const double *expected, long count, double bound) {
  double apart = 0, norm = 0;
  for (long i = 0; i < count; i++) {
    apart += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  double error = sqrt(apart / norm);
  int is_well = error < bound;
  failures += !is_well;
  printf("%-44s off by %.1e%s\n", what, error, is_well ? "" : ": TOO MUCH");
}

// What a part of a convolution's input reads as, [height][width][channels].
static double *read_part(const ck_part *part, int height, int width) {
  const ck_map *m = &part->map;
  double *made = malloc(sizeof(double) * (size_t)height * (size_t)width * (size_t)m->channels), *next = made;
  for (int row = 0; row < height; row++)
    for (int column = 0; column < width; column++)
      for (int c = 0; c < m->channels; c++) {
        double y = height > 1 ? row * (m->height - 1.0) / (height - 1) : 0;
        double x = width > 1 ? column * (m->width - 1.0) / (width - 1) : 0;
        int i = (int)y, j = (int)x, below = i + 1 < m->height ? i + 1 : i, right = j + 1 < m->width ? j + 1 : j;
        double upper = at(m, i, j, c) + (x - j) * (at(m, i, right, c) - at(m, i, j, c));
        double lower = at(m, below, j, c) + (x - j) * (at(m, below, right, c) - at(m, below, j, c));
        double value = upper + (y - i) * (lower - upper);
        if (part->mean) {
          value = (value - ((const float *)part->mean)[c]) * ((const float *)part->rstd)[c];
          if (value < 0) value *= part->slope;
        }
        *next++ = value;
      }
  return made;
}

// Two parts beside one another, one normalised on the way and one interpolated; its gradients.
static void check_convolution(int height, int width, int own, int other, int outputs) {
  int inputs = own + other;
  long pixels = (long)height * width;
  float *mean = values(own), *rstd = values(own);
  for (int c = 0; c < own; c++) rstd[c] = fabsf(rstd[c]) + 0.5f;
  ck_input x = {.count = 2};
  x.parts[0] = (ck_part){map(height, width, own), mean, rstd, 0.2};
  x.parts[1] = (ck_part){.map = map((height + 1) / 2, (width + 1) / 2, other)};
  double *read[2] = {read_part(&x.parts[0], height, width), read_part(&x.parts[1], height, width)};
#define X(row, column, c)                                                     \
  ((row) < 0 || (column) < 0 || (row) >= height || (column) >= width ? 0      \
   : (c) < own ? read[0][((row) * (long)width + (column)) * own + (c)]        \
               : read[1][((row) * (long)width + (column)) * other + (c) - own])
  float *w = values((long)outputs * inputs * 9), *bias = values(outputs);
#define W(o, c, i, j) w[(((long)(o) * inputs + (c)) * 3 + (i)) * 3 + (j)]
  ck_map y = map(height, width, outputs), dy = map(height, width, outputs), dx = map(height, width, inputs);

  double *plain = calloc((size_t)(pixels * (inputs + outputs)), sizeof(double)), *plain_dx = plain + pixels * outputs;
  double *plain_dw = calloc((size_t)outputs * (size_t)inputs * 9, sizeof(double));
  for (int row = 0; row < height; row++)
    for (int column = 0; column < width; column++)
      for (int o = 0; o < outputs; o++) {
        double sum = bias[o], gradient = at(&dy, row, column, o);
        for (int c = 0; c < inputs; c++)
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
              int r = row + i - 1, k = column + j - 1;
              double value = X(r, k, c);
              sum += value * W(o, c, i, j);
              plain_dw[(((long)o * inputs + c) * 3 + i) * 3 + j] += value * gradient;
              if (r >= 0 && k >= 0 && r < height && k < width)
                plain_dx[((long)r * width + k) * inputs + c] += gradient * W(o, c, i, j);
            }
        plain[((long)row * width + column) * outputs + o] = sum;
      }
  double *means = calloc(2 * (size_t)outputs, sizeof(double)), *deviations = means + outputs;
  for (int o = 0; o < outputs; o++) {
    for (long p = 0; p < pixels; p++) means[o] += plain[p * outputs + o] / (double)pixels;
    for (long p = 0; p < pixels; p++) deviations[o] += pow(plain[p * outputs + o] - means[o], 2) / (double)pixels;
    deviations[o] = 1 / sqrt(deviations[o] + 1e-5);
  }

  float *u = values((long)kernels->filter_elements(inputs, outputs)), *found = values(2 * outputs);
  float *du = values((long)kernels->filter_elements(inputs, outputs));
  float *dw = calloc((size_t)outputs * (size_t)inputs * 9, sizeof(float));
  char what[80];
#define CHECK(part, found, expected, count, bound)                                          \
  snprintf(what, sizeof what, "%d x %d, %d + %d to %d: %s", height, width, own, other, outputs, part); \
  check(what, found, expected, count, bound)
  kernels->transform_filter(workers, w, outputs, inputs, 0, u);
  kernels->convolve(workers, x, u, bias, y, found, found + outputs);
  CHECK("convolution", y.data, plain, pixels * outputs, 3e-6);
  CHECK("means", found, means, outputs, 1e-5);
  CHECK("deviations", found + outputs, deviations, outputs, 1e-6);
  ck_input gradient = {.count = 1};
  gradient.parts[0].map = dy;
  kernels->transform_filter(workers, w, outputs, inputs, 1, u);
  kernels->convolve(workers, gradient, u, NULL, dx, NULL, NULL);
  CHECK("input gradient", dx.data, plain_dx, pixels * inputs, 3e-6);
  kernels->accumulate_filter_gradient(workers, x, dy, 1, du);
  kernels->finish_filter_gradient(workers, du, outputs, inputs, dw);
  CHECK("filter gradient", dw, plain_dw, (long)outputs * inputs * 9, 5e-6);
}

// Normalisation with leaky ReLU and pooling; and that of pooling's gradient, the sum is kept.
static void check_pooling(int height, int width, int channels) {
  ck_map y = map(height, width, channels), a = map(height, width, channels);
  ck_map pooled = map(height / 2, width / 2, channels), dx = map(height, width, channels);
  float *mean = values(channels), *rstd = values(channels);
  uint8_t *choice = malloc((size_t)(height / 2) * (size_t)(width / 2) * (size_t)channels);
  kernels->normalize_pool(workers, y, mean, rstd, 0.2, (ck_dropout){0}, &a, pooled, choice);
  long count = (long)pooled.height * pooled.width * channels;
  double *expected = malloc(sizeof(double) * (size_t)count), *next = expected, before = 0, after = 0;
  for (int row = 0; row < pooled.height; row++)
    for (int column = 0; column < pooled.width; column++)
      for (int c = 0; c < channels; c++) {
        double most = -INFINITY;
        for (int k = 0; k < 4; k++) {
          double value = (at(&y, 2 * row + k / 2, 2 * column + k % 2, c) - mean[c]) * rstd[c];
          most = fmax(most, value > 0.2 * value ? value : 0.2 * value);
        }
        *next++ = most;
        before += at(&pooled, row, column, c);
      }
  check("normalised and pooled", pooled.data, expected, count, 1e-6);
  kernels->max_pool_gradient(workers, pooled, choice, NULL, dx);
  for (int row = 0; row < height; row++)
    for (int column = 0; column < width; column++)
      for (int c = 0; c < channels; c++) after += at(&dx, row, column, c);
  float sum = (float)after;
  check("sum of pooling's gradient", &sum, &before, 1, 1e-6);
}

int main(int count, char **arguments) {
  kernels = ck_kernels_f32_named(count > 1 ? arguments[1] : "portable");
  if (!kernels) return fprintf(stderr, "this processor has no such kernels\n"), 2;
  printf("kernels %s\n", kernels->name);
  for (int threads = 1; threads <= 2; threads++) {
    workers = ck_workers_create(threads);
    check_convolution(16, 16, 16, 16, 32);
    check_convolution(13, 22, 48, 16, 16);
    check_convolution(7, 5, 128, 64, 144);
    check_pooling(15, 18, 32);
    ck_workers_destroy(workers);
  }
  return failures > 0;
}
