// Stands in for OpenBLAS, which the portable kernels' products take, where it isn't there to be linked: as slow as it is
// plain.
#pragma once

enum { CblasRowMajor, CblasNoTrans, CblasTrans };

#define GEMM(NAME, REAL)                                                                                        \
  static inline void NAME(int order, int turns_a, int turns_b, int rows, int columns, int depth, REAL alpha,    \
                          const REAL *a, int as, const REAL *b, int bs, REAL beta, REAL *c, int cs) {           \
    (void)order, (void)turns_b;                                                                                 \
    for (int i = 0; i < rows; i++)                                                                              \
      for (int j = 0; j < columns; j++) {                                                                       \
        REAL sum = 0;                                                                                           \
        for (int k = 0; k < depth; k++)                                                                         \
          sum += (turns_a == CblasTrans ? a[(long)k * as + i] : a[(long)i * as + k]) * b[(long)k * bs + j];     \
        REAL *target = c + (long)i * cs + j;                                                                    \
        *target = alpha * sum + (beta == 0 ? 0 : beta * *target);                                               \
      }                                                                                                         \
  }
GEMM(cblas_sgemm, float)
GEMM(cblas_dgemm, double)
#undef GEMM

static inline void openblas_set_num_threads(int count) { (void)count; }
