/* app/run.h: what the batch commands have in common: from the options to a job, and from the job to an exit
 * code. */
#pragma once

#include "app/report.h"
#include "pipeline/job.h"

/* One run of a command. Begins with the report, since that is the context of its batch_report. */
struct run {
    struct report         report;
    const struct options *options;
    struct model          model;
    struct sources        sources;
    struct outputs        outputs;
    struct job            job;
    struct bytes          folder; /* to write into */
    const char           *thing;  /* see struct report */
    batch_work           *work;   /* with its context */
    void                 *work_context;
};

/* Opens the model, collects the inputs, plans the outputs. Says what is wrong and returns an exit code, or
 * EXIT_DONE to go on. Release with run_close() in either case. */
int  run_open(struct run *run, const struct options *options, enum card_task task, const char *thing);
void run_close(struct run *run);

/* How a model is to be opened, as the options say. */
struct model_hints run_hints(const struct options *options);

/* For commands that will write files: whether that can be done, before work starts. BSR_EIO. */
bsr_status run_check_output(const struct run *run, struct bsr_error *err);

/* Says where the results are. */
void run_say_written(const struct run *run);

/* Says a failure that came before any input was begun; its exit code. */
int run_fail(const struct bsr_error *err);

/* Says the notes, a line each: those that matter for the result always, the others with --verbose. */
void run_say_notes(const struct run *run, const struct bytes *notes, bool matter);

/* Works through the inputs (or, with --dry-run, lists them) and returns an exit code. The caller says what
 * was found. */
int run_batch(struct run *run, batch_work *work, void *context);
