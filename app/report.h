/* app/report.h: tells what becomes of each input: messages, progress, records, and the summary at the end. */
#pragma once

#include "app/exit_code.h"
#include "config/options.h"
#include "pipeline/batch.h"
#include "pipeline/sources.h"

#include <stdio.h>

struct report {
    const struct options *options;
    const struct sources *sources;
    const char      *thing; /* that is found: "object"; NULL: pictures are made or named, nothing is found */
    FILE            *records; /* or NULL */
    bool             records_failed;
    struct bsr_error records_error;
    double           start;
    double           last_progress;
    size_t           done, failed, over_budget, found;
    bool             stopped; /* by --fail-fast */
    struct timing    sum;     /* of those done */
};

/* Opens the file of --json. BSR_EIO, BSR_EEXIST. */
bsr_status report_open(struct report *report, const struct options *options, const struct sources *sources,
                       const char *thing, struct bsr_error *err);

/* Why the file of --json can't be opened: an errno. */
bsr_status report_refuse_records(const struct options *options, int cause, struct bsr_error *err);

/* That a file is there already, which --overwrite would replace: BSR_EEXIST. */
bsr_status report_refuse_existing(const char *path, struct bsr_error *err);

/* A batch_report; its context is whatever begins with a struct report. */
bool report_item(struct report *report, size_t index, const struct item_result *result);

/* Where the time went and how many failed. Ends the record. */
void report_summary(struct report *report);

/* After the batch: of the inputs that failed, or of the signal that ended it. */
int report_exit_code(const struct report *report);
