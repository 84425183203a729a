/* pipeline/batch.h: many inputs through a few workers, results in the order of the inputs. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "pipeline/timing.h"

#include <signal.h>
#include <stdbool.h>

/* What became of one input. */
struct item_result {
    bsr_status       status;
    struct bsr_error error;  /* where status is not BSR_OK */
    struct bytes     record; /* a JSON line, where records are wanted */
    size_t           found;  /* objects, or 1 for an enlarged picture */
    struct timing    timing;
};

struct batch;

/* Does one input. `worker` is 0 .. workers - 1; a worker does one input at a time. */
typedef void batch_work(void *context, struct batch *batch, int worker, size_t index,
                        struct item_result *result);

/* Told of each input in order, one call at a time, from any thread. False ends the batch: no further input is
 * begun. */
typedef bool batch_report(void *context, size_t index, const struct item_result *result);

struct batch_options {
    size_t                       count;   /* inputs */
    int                          workers; /* 1..256 */
    uint64_t                     memory;  /* bytes that all inputs in work may take together; 0: no limit */
    batch_work                  *work;
    batch_report                *report;
    void                        *context;  /* of both */
    const volatile sig_atomic_t *canceled; /* not 0: begin no further input; may be NULL */
};

/* Runs the batch in `workers` threads, the caller's among them. BSR_ECANCELED when `canceled` or a report
 * ended it early; inputs that failed are no failure of the batch. BSR_ENOMEM, BSR_EIO (no thread to be had).
 */
bsr_status batch_run(const struct batch_options *options, struct bsr_error *err);

/* For work: waits until `bytes` more fit the budget. BSR_EBUDGET when they never would. One reservation an
 * input; it ends with the input. */
bsr_status batch_reserve(struct batch *batch, int worker, uint64_t bytes, struct bsr_error *err);
