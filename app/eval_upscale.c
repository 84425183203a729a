/* besra eval upscale: PSNR and SSIM, as papers on super-resolution give them. */
#include "pipeline/eval_upscale.h"
#include "app/commands.h"
#include "app/eval.h"
#include "pipeline/json_text.h"

#include <math.h>
#include <stdio.h>

enum { FEW_PICTURES = 20 }; /* so many get a line each in any case */

static const char *path_of(const struct run *run, size_t source)
{
    return run->sources.items[source].path;
}

static size_t listed(const struct run *run, const struct eval_enlargement *result)
{
    size_t few = result->picture_count <= FEW_PICTURES ? FEW_PICTURES : 0;
    size_t most = run->options->worst ? (size_t)run->options->worst : few;
    return most < result->picture_count ? most : result->picture_count;
}

/* ---- for people --------------------------------------------------------------------------- */

static void add_quality(struct table *table, const struct eval_quality *quality, enum table_style style)
{
    table_add(table, style, "%.2f", quality->psnr);
    table_add(table, style, "%.4f", quality->ssim);
}

static void add_row(struct table *table, const struct eval_enlarged *made)
{
    add_quality(table, &made->net, STYLE_BOLD);
    add_quality(table, &made->bicubic, STYLE_PLAIN);
    add_quality(table, &made->matlab, STYLE_DIM);
}

static int print(const struct run *run, const struct eval_enlargement *result, int factor)
{
    struct table table;

    table_title("%s: %zu pictures, %d times; PSNR in dB and SSIM of the luma", run->model.card.name,
                result->picture_count, factor);
    table_start(&table, "rrrrrrl", "net||bicubic||MATLAB's bicubic||");
    add_row(&table, &result->mean);
    table_add(&table, STYLE_BOLD, "mean");
    for (size_t i = 0; i < listed(run, result); i++) {
        add_row(&table, &result->pictures[i]);
        table_add(&table, STYLE_PLAIN, "%s", path_of(run, result->pictures[i].source));
    }
    table_print(&table, 0);
    return output_finish();
}

/* ---- for programs ------------------------------------------------------------------------- */

static void put_qualities(json_t **object, const struct eval_enlarged *made)
{
    eval_put(object, "psnr", json_number(made->net.psnr));
    eval_put(object, "ssim", json_number(made->net.ssim));
    eval_put(object, "bicubic_psnr", json_number(made->bicubic.psnr));
    eval_put(object, "bicubic_ssim", json_number(made->bicubic.ssim));
    eval_put(object, "matlab_bicubic_psnr", json_number(made->matlab.psnr));
    eval_put(object, "matlab_bicubic_ssim", json_number(made->matlab.ssim));
}

static int write_json(const struct run *run, const struct eval_enlargement *result, int factor)
{
    json_t *object = eval_json(run, result->picture_count), *worst = json_array();

    eval_put(&object, "scale", json_integer(factor));
    put_qualities(&object, &result->mean);
    for (size_t i = 0; worst && run->options->worst && i < listed(run, result); i++) {
        json_t *one = json_object();
        eval_put(&one, "source", json_text(path_of(run, result->pictures[i].source)));
        put_qualities(&one, &result->pictures[i]);
        if (json_array_append_new(worst, one) != 0)
            eval_put(&object, "worst", NULL);
    }
    if (run->options->worst)
        eval_put(&object, "worst", worst);
    else
        json_decref(worst);
    return output_json(run->options, object);
}

/* ---- the command -------------------------------------------------------------------------- */

static int show(const struct run *run, const struct eval_upscale *eval, int factor)
{
    struct eval_enlargement result;
    struct bsr_error        err;

    if (eval_upscale_finish(&result, eval, &err) != BSR_OK)
        return run_fail(&err);
    int code = run->options->json ? write_json(run, &result, factor) : print(run, &result, factor);
    eval_enlargement_free(&result);
    return code;
}

/* The factor asked for, else the one that the net makes, else the option's default. */
static bsr_status find_factor(int *factor, const struct run *run, struct bsr_error *err)
{
    const struct options *options = run->options;
    int                   own = upscale_net_factor(&run->model);
    double                wanted = options->origins[OPTION_SCALE] || own < 2 ? options->scale : own;

    if (wanted < 2 || wanted != floor(wanted))
        return bsr_fail(err, BSR_EUSAGE, "--scale", "%g: pictures are measured at whole factors, from 2 on",
                        wanted);
    *factor = (int)wanted;
    return BSR_OK;
}

static int evaluate(struct run *run)
{
    struct eval_upscale *eval = NULL;
    struct bsr_error     err;
    int                  factor = 0;

    bsr_status status = find_factor(&factor, run, &err);
    if (status == BSR_OK)
        status = eval_upscale_open(&eval, &run->job, factor, &err);
    if (status != BSR_OK)
        return run_fail(&err);
    int code = run_batch(run, eval_upscale_work, eval);
    if (run->report.done)
        code = eval_exit_code(code, show(run, eval, factor));
    eval_upscale_close(eval);
    return code;
}

int eval_upscale_command(const struct options *options)
{
    struct run run;
    int        code = run_open(&run, options, CARD_UPSCALE, NULL);
    if (code == EXIT_DONE)
        code = evaluate(&run);
    run_close(&run);
    return code;
}
