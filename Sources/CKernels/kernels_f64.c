// float64 kernels from the same source: what gradients are checked with.
#include <string.h>

#include "workers.h"

#define ISA "portable"
#define REAL double
#define LANES 2
#define ROWS 4
#define NAME(x) x##_f64_portable

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

