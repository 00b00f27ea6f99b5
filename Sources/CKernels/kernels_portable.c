// float32 kernels for any processor (SSE2 or NEON through the compiler's vector types).
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
#include "templates/products.h"
#include "templates/winograd.h"
#include "templates/plane.h"
#include "templates/pointwise.h"
#include "templates/table.h"
// clang-format on

