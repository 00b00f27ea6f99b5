// float32 kernels for any processor (SSE2 or whatever else the compiler makes of its vector types). OpenBLAS, which has kernels
// for many more processors than we, does the matrix products. On one core of an AMD EPYC, where it took its Haswell
// kernels, the network's 17 Winograd convolutions took 33.9 ms forward, 31.3 ms for the input gradients and 36.2 ms for
// the filters'; with the register tiles of products.h compiled for SSE2, 59.2, 55.9 and 61.7 ms. OpenBLAS was
// faster in every layer.
#include <string.h>

#include "workers.h"

#define ISA "portable"
#define REAL float
#define LANES 4
#define ROWS 4
#define NAME(x) x##_f32_portable

// clang-format off
#include "templates/vector.h"
#include "templates/statistics.h"
#include "templates/products_blas.h"
#include "templates/activation.h"
#include "templates/interpolation.h"
#include "templates/winograd_tiles.h"
#include "templates/winograd_input.h"
#include "templates/winograd.h"
#include "templates/plane.h"
#include "templates/pointwise.h"
#include "templates/peak.h"
#include "templates/table.h"
// clang-format on

