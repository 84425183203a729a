#include "app/commands.h"
#include "app/run.h"
#include "pipeline/classify_job.h"

static int classify(struct run *run, const struct options *options)
{
    struct classify_job_options how = {
        .classify = {.top = options->top,
                     .fit = (enum classify_fit)options->fit, /* in the same order */
                     .scores = (enum classify_scores)options->scores,
                     .shrinking = (enum shrinking)options->shrink_on_load},
        .as_stored = run->model.card.as_stored,
    };
    struct classify_job *job = NULL;
    struct bytes         notes = {0};
    struct bsr_error     err;

    if (options->profile != PROFILE_CARD)
        how.as_stored = options->profile == PROFILE_IGNORE;
    if (classify_job_open(&job, &run->job, &how, &notes, &err) != BSR_OK) {
        bytes_free(&notes);
        return run_fail(&err);
    }
    run_say_notes(run, &notes, true);
    int code = run_batch(run, classify_job_work, job);
    classify_job_close(job);
    bytes_free(&notes);
    return code;
}

int classify_command(const struct options *options)
{
    struct run       run;
    struct bsr_error err;

    if (!*options->model) {
        bsr_fail(&err, BSR_EUSAGE, "--model", "which? besra ships no classifier");
        bsr_hint(&err, "besra classify -m net.onnx ...; besra model list shows what there is");
        return run_fail(&err);
    }
    int code = run_open(&run, options, CARD_CLASSIFY, NULL);
    if (code == EXIT_DONE)
        code = classify(&run, options);
    run_close(&run);
    return code;
}
