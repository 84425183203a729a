#include "pipeline/quantize.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/prepare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MEASURED_SAMPLES = 8, SUBJECT_SIZE = 288, REASON_SIZE = 80 };

/* `model` is what is to be written. `graph` is what the samples are for: the same tensors by the same names,
 * but for what besra does itself at its ends. */
struct work {
    struct onnx_model             *model, *graph;
    const struct quantize_options *options;
    struct observer                observer;
    struct onnx_quantize_plan      plan; /* of the graph, with all layers that can be quantised */
    struct histogram              *seen; /* of the tensors that plan's groups come from, */
    const char                   **tensors;
    int                            seen_count;
    struct observed_loss          *losses; /* of plan's layers */
    struct onnx_quantize_keep     *keep; /* what stays f32; room for all layers of both, and what is asked */
    int                            keep_count;
    char (*reasons)[REASON_SIZE]; /* texts of `keep` for plan's layers */
};

/* ---- two graphs -------------------------------------------------------------------------------------- */

/* Constants folded, 16-bit floats made 32-bit, and opset 13. */
static bsr_status make_ready(struct onnx_model *model, struct bsr_error *err)
{
    const struct onnx_prepare_options how = {.qdq = ONNX_QDQ_KEEP};
    bsr_status                        status = onnx_prepare(model, &how, NULL, err);
    return status == BSR_OK ? onnx_quantize_raise_opset(model, err) : status;
}

static bsr_status check_model(const struct onnx_model *model, const char *name, struct bsr_error *err)
{
    char        space[SUBJECT_SIZE];
    const char *node = onnx_quantize_find_quantized(model, space);

    if (!node)
        return BSR_OK;
    bsr_fail(err, BSR_EMODEL, name, "is quantised already: it has %s", node);
    bsr_hint(err, "quantise the f32 model that it was made from");
    return BSR_EMODEL;
}

static bsr_status read_graph(struct work *work, struct bsr_error *err)
{
    const struct bytes *bytes = samples_graph(work->observer.samples);
    bsr_status          status =
        onnx_model_read(&work->graph, bytes->data, bytes->size, NULL, work->observer.name, err);

    work->observer.graph = work->graph;
    if (status == BSR_OK)
        status = make_ready(work->graph, err);
    if (status == BSR_OK)
        status = make_ready(work->model, err);
    return status;
}

/* ---- what stays f32 ---------------------------------------------------------------------------------- */

static void keep(struct work *work, const char *layer, const char *why)
{
    work->keep[work->keep_count++] = (struct onnx_quantize_keep){layer, why};
}

static const char *nearest_layer(const struct onnx_quantize_plan *plan, const char *name)
{
    struct nearest nearest = nearest_start(name);
    for (int i = 0; i < plan->layer_count; i++) {
        nearest_offer(&nearest, plan->layers[i].name);
        nearest_offer(&nearest, plan->layers[i].output);
    }
    return nearest.best;
}

static bsr_status keep_named(struct work *work, const struct onnx_quantize_plan *whole, struct bsr_error *err)
{
    for (size_t i = 0; i < work->options->keep_count; i++) {
        const char *name = work->options->keep[i];
        if (onnx_quantize_find(whole, name) < 0) {
            const char *near = nearest_layer(whole, name);
            bsr_fail(err, BSR_EUSAGE, "--keep", "the model has no Conv, Gemm or MatMul '%.200s'", name);
            if (near)
                bsr_hint(err, "did you mean '%.200s'?", near);
            return BSR_EUSAGE;
        }
        keep(work, name, "asked for by --keep");
    }
    return BSR_OK;
}

static double decibels(const struct observed_loss *loss)
{
    if (loss->noise > 0)
        return 10 * log10(loss->signal / loss->noise);
    return loss->signal > 0 ? INFINITY : NAN;
}

/* Those that lose more than was asked for. */
static void keep_sensitive(struct work *work)
{
    for (int i = 0; i < work->plan.layer_count; i++) {
        double sqnr = decibels(&work->losses[i]);
        if (work->plan.layers[i].why || !(sqnr < work->options->keep_below))
            continue;
        snprintf(work->reasons[i], REASON_SIZE, "below the %g dB of --keep-below", work->options->keep_below);
        keep(work, work->plan.layers[i].output, work->reasons[i]);
    }
}

/* Layers behind what the samples go through: those of a Detect tail. */
static void keep_unseen(struct work *work, const struct onnx_quantize_plan *whole)
{
    for (int i = 0; i < whole->layer_count; i++)
        if (onnx_quantize_find(&work->plan, whole->layers[i].output) < 0)
            keep(work, whole->layers[i].output, "is no part of what besra runs by the net");
}

/* ---- ranges ------------------------------------------------------------------------------------------ */

static const struct histogram *find_seen(const struct work *work, const char *tensor)
{
    for (int i = 0; i < work->seen_count; i++)
        if (strcmp(work->tensors[i], tensor) == 0)
            return &work->seen[i];
    return NULL;
}

static bsr_status look(struct work *work, struct bsr_error *err)
{
    int sources = 0;

    for (int g = 0; g < work->plan.group_count; g++)
        sources += work->plan.groups[g].sources;
    work->seen = mem_alloc_zeroed((size_t)sources + 1, sizeof *work->seen);
    work->tensors = mem_alloc_zeroed((size_t)sources + 1, sizeof *work->tensors);
    if (!work->seen || !work->tensors)
        return bsr_fail_memory(err, work->observer.name, (size_t)sources * sizeof *work->seen);
    for (int g = 0; g < work->plan.group_count; g++)
        for (int t = 0; t < work->plan.groups[g].sources; t++)
            work->tensors[work->seen_count++] = work->plan.groups[g].tensors[t];
    return observe_histograms(work->seen, &work->observer, work->tensors, work->seen_count, err);
}

/* The range that the sources of a group share. Of pictures all is taken: white is no outlier. False: one of
 * them was not seen. */
static bool find_range(struct quantize_range *range, const struct work *work,
                       const struct onnx_quantize_group *group, struct histogram *scratch)
{
    const struct histogram *input = NULL;

    memset(scratch, 0, sizeof *scratch);
    for (int t = 0; t < group->sources; t++) {
        const struct histogram *seen = find_seen(work, group->tensors[t]);
        if (!seen)
            return false;
        histogram_merge(scratch, seen);
        if (strcmp(group->tensors[t], onnx_input(work->graph, 0).name) == 0)
            input = seen;
    }
    *range = quantize_choose_range(scratch, work->options->method, work->options->percentile);
    if (input && input->total)
        *range = (struct quantize_range){fmin(range->least, input->min), fmax(range->most, input->max)};
    *range = (struct quantize_range){fmin(range->least, 0), fmax(range->most, 0)}; /* zero has a step */
    return true;
}

/* *ranges gets the range of each group, the caller's (mem_free()). */
static bsr_status set_ranges(struct quantize_range **ranges, const struct work *work,
                             struct onnx_quantize_plan *plan, struct bsr_error *err)
{
    struct histogram      *scratch = mem_alloc_zeroed(1, sizeof *scratch);
    struct quantize_range *made = mem_alloc_zeroed((size_t)plan->group_count + 1, sizeof *made);

    if (!scratch || !made) {
        mem_free(scratch);
        mem_free(made);
        return bsr_fail_memory(err, work->observer.name, sizeof *scratch);
    }
    for (int g = 0; g < plan->group_count; g++)
        if (find_range(&made[g], work, &plan->groups[g], scratch))
            onnx_quantize_set_range(&plan->groups[g], made[g].least, made[g].most);
    mem_free(scratch);
    *ranges = made;
    return BSR_OK;
}

/* ---- the steps --------------------------------------------------------------------------------------- */

static bsr_status alloc_work(struct work *work, const struct onnx_quantize_plan *whole, struct bsr_error *err)
{
    size_t layers = (size_t)work->plan.layer_count + 1;
    size_t most = 2 * (layers + (size_t)whole->layer_count) + work->options->keep_count;

    work->losses = mem_alloc_zeroed(layers, sizeof *work->losses);
    work->reasons = mem_alloc_zeroed(layers, sizeof *work->reasons);
    struct onnx_quantize_keep *keeps = mem_resize(work->keep, most, sizeof *keeps);
    work->keep = keeps ? keeps : work->keep;
    return work->losses && work->reasons && keeps
               ? BSR_OK
               : bsr_fail_memory(err, work->observer.name, most * sizeof *keeps);
}

/* What calibration tells: ranges, and what each layer loses. */
static bsr_status calibrate(struct work *work, const struct onnx_quantize_plan *whole, struct bsr_error *err)
{
    struct quantize_range *ranges = NULL;
    bsr_status status = onnx_quantize_plan(&work->plan, work->graph, work->keep, work->keep_count, err);

    if (status == BSR_OK)
        status = alloc_work(work, whole, err);
    if (status == BSR_OK)
        status = look(work, err);
    if (status == BSR_OK)
        status = set_ranges(&ranges, work, &work->plan, err);
    if (status == BSR_OK)
        status = observe_layers(work->losses, &work->observer, &work->plan, MEASURED_SAMPLES, err);
    mem_free(ranges);
    if (status == BSR_OK) {
        keep_sensitive(work);
        keep_unseen(work, whole);
    }
    return status;
}

static int count_quantized(const struct onnx_quantize_plan *plan)
{
    int count = 0;
    for (int i = 0; i < plan->layer_count; i++)
        count += !plan->layers[i].why;
    return count;
}

/* Whether all groups are known; the layers of those that are not stay f32. */
static bool keep_unknown(struct work *work, const struct onnx_quantize_plan *plan,
                         const struct onnx_quantize_plan *whole)
{
    bool all = true;

    for (int i = 0; i < plan->layer_count; i++) {
        const struct onnx_quantize_layer *layer = &plan->layers[i];
        if (layer->group < 0 || plan->groups[layer->group].known)
            continue;
        keep(work, whole->layers[onnx_quantize_find(whole, layer->output)].output,
             "calibration does not see its input");
        all = false;
    }
    return all;
}

/* The plan for `model` with all that stays f32 left out; a layer less may mean fewer tensors to be known. */
static bsr_status settle(struct onnx_quantize_plan *plan, struct quantize_range **ranges, struct work *work,
                         const struct onnx_quantize_plan *whole, struct bsr_error *err)
{
    bsr_status status;
    bool       all = false;

    do {
        onnx_quantize_plan_free(plan);
        mem_free(*ranges);
        *ranges = NULL;
        status = onnx_quantize_plan(plan, work->model, work->keep, work->keep_count, err);
        if (status == BSR_OK)
            status = set_ranges(ranges, work, plan, err);
        all = status == BSR_OK && keep_unknown(work, plan, whole);
    } while (status == BSR_OK && !all);
    if (status == BSR_OK && !count_quantized(plan))
        status = bsr_fail(err, BSR_EMODEL, work->observer.name, "no layer is left to be quantised");
    return status;
}

/* What all of it together does to the outputs. */
static bsr_status judge(struct quantize_report *report, struct work *work, struct bsr_error *err)
{
    struct onnx_quantize_plan plan = {.layers = NULL};
    struct quantize_range    *ranges = NULL;
    struct onnx_model        *rounded = NULL;
    int                       count = onnx_output_count(work->graph);
    struct observed_loss     *losses = mem_alloc_zeroed((size_t)count + 1, sizeof *losses);
    bsr_status                status = losses ? onnx_model_copy(&rounded, work->graph, err)
                                              : bsr_fail_memory(err, work->observer.name, sizeof *losses);

    if (status == BSR_OK)
        status = onnx_quantize_plan(&plan, rounded, work->keep, work->keep_count, err);
    if (status == BSR_OK)
        status = set_ranges(&ranges, work, &plan, err);
    if (status == BSR_OK)
        status = onnx_quantize_apply(rounded, &plan, err);
    if (status == BSR_OK)
        status = observe_outputs(losses, &work->observer, rounded, MEASURED_SAMPLES, err);
    report->outputs = status == BSR_OK ? mem_alloc_zeroed((size_t)count + 1, sizeof *report->outputs) : NULL;
    if (status == BSR_OK && !report->outputs)
        status = bsr_fail_memory(err, work->observer.name, (size_t)count * sizeof *report->outputs);
    for (int i = 0; status == BSR_OK && i < count; i++, report->output_count++) {
        report->outputs[i] = (struct quantize_output){.name = mem_copy_text(onnx_output(work->graph, i).name),
                                                      .sqnr = decibels(&losses[i])};
        if (!report->outputs[i].name)
            status = bsr_fail_memory(err, work->observer.name, 1);
    }
    onnx_quantize_plan_free(&plan);
    mem_free(ranges);
    mem_free(losses);
    onnx_model_free(rounded);
    return status;
}

/* ---- the report -------------------------------------------------------------------------------------- */

static bsr_status tell_layer(struct quantize_layer *out, const struct work *work,
                             const struct onnx_quantize_plan *plan, const struct quantize_range *ranges,
                             int index, struct bsr_error *err)
{
    const struct onnx_quantize_layer *layer = &plan->layers[index];
    int                               measured = onnx_quantize_find(&work->plan, layer->output);

    *out = (struct quantize_layer){.name = mem_copy_text(layer->name),
                                   .op = mem_copy_text(layer->op),
                                   .why = layer->why ? mem_copy_text(layer->why) : NULL,
                                   .sqnr = measured >= 0 ? decibels(&work->losses[measured]) : NAN};
    if (layer->group >= 0) {
        out->range = ranges[layer->group];
        out->scale = (double)plan->groups[layer->group].scale;
        out->zero_point = plan->groups[layer->group].zero_point;
    }
    return out->name && out->op && (out->why || !layer->why) ? BSR_OK
                                                             : bsr_fail_memory(err, work->observer.name, 1);
}

static bsr_status tell_layers(struct quantize_report *report, const struct work *work,
                              const struct onnx_quantize_plan *plan, const struct quantize_range *ranges,
                              struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    report->sample_count = samples_count(work->observer.samples);
    report->quantized_count = count_quantized(plan);
    report->layers = mem_alloc_zeroed((size_t)plan->layer_count + 1, sizeof *report->layers);
    if (!report->layers)
        return bsr_fail_memory(err, work->observer.name, (size_t)plan->layer_count * sizeof *report->layers);
    for (int i = 0; status == BSR_OK && i < plan->layer_count; i++, report->layer_count++)
        status = tell_layer(&report->layers[i], work, plan, ranges, i, err);
    return status;
}

void quantize_report_free(struct quantize_report *report)
{
    for (int i = 0; i < report->layer_count; i++) {
        mem_free(report->layers[i].name);
        mem_free(report->layers[i].op);
        mem_free(report->layers[i].why);
    }
    for (int i = 0; i < report->output_count; i++)
        mem_free(report->outputs[i].name);
    mem_free(report->layers);
    mem_free(report->outputs);
    *report = (struct quantize_report){.layers = NULL};
}

/* ---- the whole --------------------------------------------------------------------------------------- */

/* What could be quantised if nothing stood against it. */
static bsr_status plan_whole(struct onnx_quantize_plan *whole, struct work *work, struct bsr_error *err)
{
    bsr_status status = onnx_quantize_plan(whole, work->model, NULL, 0, err);

    if (status != BSR_OK)
        return status;
    if (!whole->layer_count)
        return bsr_fail(err, BSR_EMODEL, work->observer.name,
                        "has no Conv, Gemm or MatMul: there is nothing to quantise");
    if (!count_quantized(whole))
        return bsr_fail(err, BSR_EMODEL, work->observer.name, "nothing can be quantised: of '%.200s' %s",
                        whole->layers[0].name, whole->layers[0].why);
    work->keep = mem_alloc_zeroed(work->options->keep_count + 1, sizeof *work->keep);
    return work->keep ? keep_named(work, whole, err)
                      : bsr_fail_memory(err, work->observer.name, sizeof *work->keep);
}

static bsr_status run(struct quantize_report *report, struct work *work, struct onnx_quantize_plan *whole,
                      struct bsr_error *err)
{
    struct onnx_quantize_plan plan = {.layers = NULL};
    struct quantize_range    *ranges = NULL;
    bsr_status                status = check_model(work->model, work->observer.name, err);

    if (status == BSR_OK)
        status = read_graph(work, err);
    if (status == BSR_OK)
        status = plan_whole(whole, work, err);
    if (status == BSR_OK)
        status = calibrate(work, whole, err);
    if (status == BSR_OK)
        status = settle(&plan, &ranges, work, whole, err);
    if (status == BSR_OK)
        status = judge(report, work, err);
    if (status == BSR_OK)
        status = tell_layers(report, work, &plan, ranges, err);
    if (status == BSR_OK)
        status = onnx_quantize_apply(work->model, &plan, err);
    onnx_quantize_plan_free(&plan);
    mem_free(ranges);
    return status;
}

bsr_status quantize_model(struct quantize_report *out, struct onnx_model *model,
                          const struct observer *observer, const struct quantize_options *options,
                          struct bsr_error *err)
{
    struct work               work = {.model = model, .options = options, .observer = *observer};
    struct onnx_quantize_plan whole = {.layers = NULL};
    struct quantize_report    report = {.layers = NULL};
    bsr_status                status = run(&report, &work, &whole, err);

    onnx_quantize_plan_free(&whole);
    onnx_quantize_plan_free(&work.plan);
    onnx_model_free(work.graph);
    mem_free(work.seen);
    mem_free((void *)work.tensors);
    mem_free(work.losses);
    mem_free(work.keep);
    mem_free(work.reasons);
    if (status == BSR_OK)
        *out = report;
    else
        quantize_report_free(&report);
    return status;
}
