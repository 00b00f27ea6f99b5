// Picks the kernels once, from what the processor has.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

extern const ck_kernels table_f32_portable, table_f64_portable;
#if defined(__x86_64__)
extern const ck_kernels table_f32_avx2, table_f32_avx512;
#elif defined(__aarch64__)
extern const ck_kernels table_f32_neon;
#endif

const ck_kernels *ck_kernels_f64(void) { return &table_f64_portable; }

const ck_kernels *ck_kernels_f32_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!strcmp(name, "avx512"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
               ? &table_f32_avx512
               : NULL;
  if (!strcmp(name, "avx2"))
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table_f32_avx2 : NULL;
#elif defined(__aarch64__)
  // Every processor of this architecture has it.
  if (!strcmp(name, "neon")) return &table_f32_neon;
#endif
  return strcmp(name, "portable") ? NULL : &table_f32_portable;
}

const ck_kernels *ck_kernels_f32(void) {
  // MMDICOM_KERNELS=portable, avx2, avx512 or neon: what another processor runs, for tests and bug reports.
  const char *wanted = getenv("MMDICOM_KERNELS");
  const ck_kernels *best = wanted ? ck_kernels_f32_named(wanted) : NULL;
  if (best) return best;
  best = ck_kernels_f32_named("avx512");
  if (!best) best = ck_kernels_f32_named("avx2");
  if (!best) best = ck_kernels_f32_named("neon");
  if (!best) best = &table_f32_portable;
  if (wanted && *wanted)
    fprintf(stderr,
            "mmdicom: MMDICOM_KERNELS=%s isn't portable, avx2, avx512 or neon, or this processor lacks it; %s is used\n",
            wanted, best->name);
  return best;
}

// OpenBLAS works on the thread that calls it: loops are shared out by workers, and the order of its sums would
// depend on the number of its own threads. Of the build on POSIX threads, for the whole process.
__attribute__((constructor)) static void one_thread_each(void) { openblas_set_num_threads(1); }
