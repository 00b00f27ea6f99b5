// Internal side of the worker team.
#ifndef CK_WORKERS_H
#define CK_WORKERS_H

#include "CKernels.h"

/// One piece of a loop: `index` of `count`, on worker `worker`.
typedef void (*ck_body)(void *context, ck_workers *workers, int index, int worker);

/// Runs body for every index in 0..<count and returns when all are done.
void ck_run(ck_workers *workers, int count, ck_body body, void *context);

/// At least `bytes` of 64-byte aligned memory that belongs to the worker; contents are lost when it grows.
void *ck_scratch(ck_workers *workers, int worker, size_t bytes);
/// The same, shared by all workers of one loop: obtained before the loop begins.
void *ck_shared_scratch(ck_workers *workers, size_t bytes);

#endif
