// Vectorised loops of the convolutional network, for one image at a time.
//
// A feature map is stored with its channels innermost: pixel (row, column) starts at
// data + (row * width + column) * stride, and `stride` may exceed `channels`, so that a map can be a
// slice of a wider one (concatenation without a copy). Channel counts are multiples of
// CK_CHANNEL_MULTIPLE (unused channels hold zeros) except where a function says "plane": a map with
// one channel and stride 1.
//
// Every function takes the workers that share its loop. Work is cut into blocks whose size doesn't
// depend on the number of workers and whose partial sums are added in order, so results are
// bit-identical for any number of workers.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define CK_CHANNEL_MULTIPLE 16

/// Zeroed memory, aligned to 64 bytes, which `ck_deallocate` gives back; NULL where there is none.
void *_Nullable ck_allocate(size_t bytes);
void ck_deallocate(void *_Nullable memory);

/// A team of threads with scratch memory of their own. One worker runs everything on the caller.
typedef struct ck_workers ck_workers;
ck_workers *_Nullable ck_workers_create(int count);
void ck_workers_destroy(ck_workers *workers);
int ck_workers_count(const ck_workers *workers);

typedef struct {
  void *data;
  long stride;
  int height, width, channels;
} ck_map;

/// Inverted dropout whose mask is a hash of (seed, element), so that it needs no memory: element e is
/// kept where lowbias32(e + lowbias32(seed)) >= threshold, and then multiplied by `scale`.
/// threshold 0 keeps everything.
typedef struct {
  uint32_t seed, threshold;
  double scale;
} ck_dropout;

/// Some of the channels that a convolution reads. A map of another size than the convolution's is interpolated
/// bilinearly to it, corners aligned. Where `mean` is given the map is read as leakyReLU((map - mean) * rstd), and must be
/// of the convolution's size.
typedef struct {
  ck_map map;
  const void *_Nullable mean, *_Nullable rstd;
  double slope;
} ck_part;

#define CK_MOST_PARTS 3

/// What a convolution reads: parts beside one another, made when they are read and never written as a map.
typedef struct {
  int count;
  ck_part parts[CK_MOST_PARTS];
} ck_input;

/// The kernels for one element type, built for one instruction set.
typedef struct {
  const char *name;

  /// Elements of the transformed filter of a 3x3 convolution (Winograd domain).
  size_t (*filter_elements)(int inputs, int outputs);
  /// w [outputs][inputs][3][3] -> u for `convolve`. transposed: the filter of the input gradient.
  void (*transform_filter)(ck_workers *, const void *w, int outputs, int inputs, int transposed, void *u);
  /// y = x * u + bias, padding 1; with `mean`, also each channel's mean and 1/sqrt(variance + 1e-5).
  void (*convolve)(ck_workers *, ck_input x, const void *u, const void *_Nullable bias, ck_map y,
                   void *_Nullable mean, void *_Nullable rstd);
  /// The matrix products of `convolve` alone, on whatever is in the scratch memory: what share of its time they are.
  void (*products)(ck_workers *, ck_input x, const void *u, ck_map y);
  /// du += the filter's gradient in the Winograd domain; `du` has filter_elements(inputs, outputs). anew: du = that,
  /// whatever du held.
  void (*accumulate_filter_gradient)(ck_workers *, ck_input x, ck_map dy, int anew, void *du);
  /// dw [outputs][inputs][3][3] += du transformed back.
  void (*finish_filter_gradient)(ck_workers *, const void *du, int outputs, int inputs, void *dw);

  /// The same for a plane as input (one channel); w [outputs][1][3][3].
  void (*convolve_plane)(ck_workers *, ck_map x, const void *w, const void *_Nullable bias, ck_map y,
                         void *_Nullable mean, void *_Nullable rstd);
  void (*plane_input_gradient)(ck_workers *, ck_map dy, const void *w, ck_map dx);
  void (*plane_filter_gradient)(ck_workers *, ck_map x, ck_map dy, void *dw);

  /// a = dropout(leakyReLU((y - mean) * rstd)).
  void (*normalize)(ck_workers *, ck_map y, const void *mean, const void *rstd, double slope, ck_dropout,
                    ck_map a);
  /// The 2x2 maximum of that, as `max_pool`, and where asked for a itself, in one go.
  void (*normalize_pool)(ck_workers *, ck_map y, const void *mean, const void *rstd, double slope, ck_dropout,
                         const ck_map *_Nullable a, ck_map pooled, uint8_t *choice);
  /// dy from da; `dy` may be the same map as `da`.
  void (*normalize_gradient)(ck_workers *, ck_map y, const void *mean, const void *rstd, double slope,
                             ck_dropout, ck_map da, ck_map dy);

  /// dy from the gradient of `pooled`, where nothing else was made of a and nothing was dropped: `normalize_gradient`
  /// behind `max_pool_gradient`, without the map between them.
  void (*normalize_pool_gradient)(ck_workers *, ck_map y, const void *mean, const void *rstd, double slope,
                                  ck_map pooled, const uint8_t *choice, ck_map gradient, ck_map dy);

  /// 2x2 maximum with stride 2 and, per output element, which of the four it was (the first of equals).
  void (*max_pool)(ck_workers *, ck_map x, ck_map y, uint8_t *choice);
  /// dx = (skip where given) + dy at the chosen places.
  void (*max_pool_gradient)(ck_workers *, ck_map dy, const uint8_t *choice, const ck_map *_Nullable skip,
                            ck_map dx);

  /// Bilinear interpolation to y's size, corners aligned; and its adjoint.
  void (*upsample)(ck_workers *, ck_map x, ck_map y);
  void (*upsample_gradient)(ck_workers *, ck_map dy, ck_map dx);

  /// A 1x1 convolution to one channel: y (plane) = x . w + bias; w [channels], bias [1].
  void (*project)(ck_workers *, ck_map x, const void *w, const void *bias, ck_map y);
  /// dw += , dbias +=, dx = .
  void (*project_gradient)(ck_workers *, ck_map x, const void *w, ck_map dy, void *dw, void *dbias, ck_map dx);

  /// Multiply-adds in registers alone, `rounds` times as many as this returns: what no matrix product can exceed.
  long (*multiply_add)(long rounds, void *sink);
} ck_kernels;

/// The fastest kernels that this processor runs, or those that MMDICOM_KERNELS names.
const ck_kernels *ck_kernels_f32(void);
/// float64, portable: the same source, for checking gradients by central differences.
const ck_kernels *ck_kernels_f64(void);
/// Kernels for a named instruction set ("portable", "avx2", "avx512", "neon"), or NULL where it can't run.
const ck_kernels *_Nullable ck_kernels_f32_named(const char *name);

#pragma clang assume_nonnull end
#endif
