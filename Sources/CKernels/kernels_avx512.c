// float32 kernels for processors with AVX-512: 32 registers of 16 lanes.
#include <string.h>

#include "workers.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#define ISA "avx512"
#define REAL float
#define LANES 16
#define ROWS 8
#define NAME(x) x##_f32_avx512

// clang-format off
#include "templates/vector.h"
#include "templates/statistics.h"
#include "templates/products.h"
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

#pragma clang attribute pop
#endif
