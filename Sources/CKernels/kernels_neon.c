// float32 kernels for 64-bit Arm: 32 registers of 4 lanes.
#include <string.h>

#include "workers.h"

#if defined(__aarch64__)
#define ISA "neon"
#define REAL float
#define LANES 4
#define ROWS 8
#define NAME(x) x##_f32_neon

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
#endif
