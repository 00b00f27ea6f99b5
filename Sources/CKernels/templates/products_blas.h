// The matrix products of the Winograd domain by OpenBLAS, for processors that no vector path was written for.
//
// OpenBLAS may add a row's products in another order where there are more rows, so every call has the rows of one
// block, whatever the number of workers.
#include <cblas.h>

#define PANEL(co) (co)

// m [rows x co] = v [rows x ci] . u [ci x co].
INLINE void NAME(product)(int rows, int ci, int co, const REAL *v, const REAL *u, REAL *m) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, co, ci, 1, v, ci, u, co, 0, m, co);
}

// du [ci x co] += v^T . d, or anew = that, over `rows` rows of both.
INLINE void NAME(outer)(int rows, int ci, int co, const REAL *v, const REAL *d, int anew, REAL *du) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, ci, co, rows, 1, v, ci, d, co, anew ? 0 : 1, du,
              co);
}
