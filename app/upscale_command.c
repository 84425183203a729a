#include "app/commands.h"
#include "app/run.h"
#include "app/terminal.h"
#include "pipeline/upscale_job.h"

/* The factor asked for, else the one that the model was exported with or makes, else the option's default. */
static double factor_of(const struct options *options, const struct model *model)
{
    bool asked = options->origins[OPTION_SCALE] != NULL;
    if (!asked && upscale_net_factor(model) > 1)
        return upscale_net_factor(model);
    return !asked && model->resize.factor >= 1 ? model->resize.factor : options->scale;
}

static int upscale(struct run *run, const struct options *options)
{
    struct upscale_job_options how = {
        .size = {.factor = factor_of(options, &run->model),
                 .width = options->to.width,
                 .height = options->to.height},
        .compare = options->compare,
    };
    struct upscale_job *job = NULL;
    struct bsr_error    err;

    if (run_check_output(run, &err) != BSR_OK)
        return run_fail(&err);
    if (upscale_job_open(&job, &run->job, &how, &err) != BSR_OK)
        return run_fail(&err);
    int code = run_batch(run, upscale_job_work, job);
    run_say_written(run);
    upscale_job_close(job);
    return code;
}

int upscale_command(const struct options *options)
{
    struct run run;
    int        code = run_open(&run, options, CARD_UPSCALE, NULL);
    if (code == EXIT_DONE)
        code = upscale(&run, options);
    run_close(&run);
    return code;
}
