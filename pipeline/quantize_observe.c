#include "pipeline/quantize_observe.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/infer.h"

#include <math.h>
#include <string.h>

enum { MOST_AT_ONCE = 400 }; /* a model may have 1,024 outputs, and its own are among them */

/* ---- running ----------------------------------------------------------------------------------------- */

static bsr_status open_engine(struct engine **out, const struct onnx_model *model, const char *name,
                              struct bsr_error *err)
{
    const struct engine_options how = {.backend = NULL};
    struct bytes                bytes = {0};
    bsr_status                  status = onnx_model_write(model, &bytes, err);

    if (status == BSR_OK)
        status = engine_open(out, bytes.data, bytes.size, &how, name, err);
    bytes_free(&bytes);
    return status;
}

/* Called with the outputs of a run. */
typedef bsr_status run_visit(void *context, const struct engine_value *outputs, int count,
                             struct bsr_error *err);

/* The n-th of `most` samples that stand evenly among all. */
static int spread(const struct observer *observer, int n, int most)
{
    return (int)((int64_t)n * samples_count(observer->samples) / most);
}

static int at_most(const struct observer *observer, int most)
{
    int count = samples_count(observer->samples);
    return most < count ? most : count;
}

static bsr_status tell(const struct observer *observer, const char *what, int done, int all,
                       struct bsr_error *err)
{
    if (!observer->progress || observer->progress(observer->context, what, done, all))
        return BSR_OK;
    return bsr_fail(err, BSR_ECANCELED, observer->name, "interrupted: nothing is written");
}

static bsr_status run_sample(const struct observer *observer, struct engine *engine, int sample,
                             run_visit *visit, void *context, struct bsr_error *err)
{
    const struct engine_value *outputs = NULL;
    struct engine_value        input = {.name = onnx_input(observer->graph, 0).name};
    int                        count = 0;
    bsr_status                 status = samples_read(&input.tensor, observer->samples, sample, err);

    if (status != BSR_OK)
        return status;
    status = engine_run_any(engine, &input, 1, &outputs, &count, err);
    if (status == BSR_OK)
        status = visit(context, outputs, count, err);
    tensor_free(&input.tensor);
    return status;
}

static const struct bsr_tensor *find_output(const struct engine_value *outputs, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return &outputs[i].tensor;
    return NULL;
}

static bsr_status fail_missing(const char *name, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EENGINE, name, "was computed as f32, but not given out");
}

/* ---- how large tensors are --------------------------------------------------------------------------- */

/* The shapes of all tensors when the first sample is run; NULL where the graph can't be inferred. */
static bsr_status infer(struct onnx_values **out, const struct observer *observer, struct bsr_error *err)
{
    struct onnx_named input = {.name = onnx_input(observer->graph, 0).name};
    bsr_status        status = samples_read(&input.tensor, observer->samples, 0, err);

    if (status != BSR_OK)
        return status;
    tensor_free(&input.tensor);
    status = onnx_infer(out, observer->graph, &input, 1, err);
    if (status != BSR_EMODEL)
        return status;
    *out = NULL;
    return BSR_OK;
}

static size_t bytes_of(const struct onnx_values *values, const char *name)
{
    enum { UNKNOWN_BYTES = 1 << 20 };
    const struct bsr_tensor *known = values ? onnx_values_find(values, name) : NULL;
    size_t                   bytes = known ? tensor_bytes(known) : SIZE_MAX;
    return bytes == SIZE_MAX ? UNKNOWN_BYTES : bytes;
}

/* ---- histograms -------------------------------------------------------------------------------------- */

struct counting {
    struct histogram  *histograms;
    const char *const *names;
    int                count;
};

static bsr_status count_outputs(void *context, const struct engine_value *outputs, int count,
                                struct bsr_error *err)
{
    const struct counting *counting = context;

    for (int i = 0; i < counting->count; i++) {
        const struct bsr_tensor *tensor = find_output(outputs, count, counting->names[i]);
        if (!tensor || tensor->type != BSR_F32)
            return fail_missing(counting->names[i], err);
        histogram_add(&counting->histograms[i], tensor->data, tensor_count(tensor));
    }
    return BSR_OK;
}

static bsr_status count_chunk(const struct observer *observer, struct counting *counting, int done, int all,
                              struct bsr_error *err)
{
    struct onnx_model *model = NULL;
    struct engine     *engine = NULL;
    int                samples = samples_count(observer->samples);
    bsr_status         status = onnx_model_copy(&model, observer->graph, err);

    if (status == BSR_OK)
        status = onnx_add_outputs(model, counting->names, counting->count, err);
    if (status == BSR_OK)
        status = open_engine(&engine, model, observer->name, err);
    onnx_model_free(model);
    for (int i = 0; status == BSR_OK && i < samples; i++) {
        status = tell(observer, "ranges", done + counting->count * i / samples, all, err);
        if (status == BSR_OK)
            status = run_sample(observer, engine, i, count_outputs, counting, err);
    }
    engine_close(engine);
    return status;
}

/* The input of the graph is no node's output: it is taken as it is read. */
static bsr_status count_input(struct histogram *histogram, const struct observer *observer,
                              struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < samples_count(observer->samples); i++) {
        struct bsr_tensor input = {.data = NULL};
        status = samples_read(&input, observer->samples, i, err);
        if (status == BSR_OK)
            histogram_add(histogram, input.data, tensor_count(&input));
        tensor_free(&input);
    }
    return status;
}

bsr_status observe_histograms(struct histogram *histograms, const struct observer *observer,
                              const char *const *names, int count, struct bsr_error *err)
{
    const char         *input = onnx_input(observer->graph, 0).name;
    struct onnx_values *values = NULL;
    bsr_status          status = infer(&values, observer, err);

    for (int i = 0; status == BSR_OK && i < count;) {
        struct counting chunk = {histograms + i, names + i, 0};
        size_t          bytes = 0;
        if (strcmp(names[i], input) == 0) {
            status = count_input(&histograms[i++], observer, err);
            continue;
        }
        for (; i < count && strcmp(names[i], input) != 0 && chunk.count < MOST_AT_ONCE &&
               (!chunk.count || bytes < OBSERVE_BYTES);
             i++, chunk.count++)
            bytes += bytes_of(values, names[i]);
        status = count_chunk(observer, &chunk, i - chunk.count, count, err);
    }
    onnx_values_free(values);
    return status;
}

/* ---- losses ------------------------------------------------------------------------------------------ */

static void add_loss(struct observed_loss *loss, const struct bsr_tensor *exact,
                     const struct bsr_tensor *rounded)
{
    const float *a = exact->data, *b = rounded->data;

    for (size_t i = 0; i < tensor_count(exact); i++) {
        double difference = (double)a[i] - (double)b[i];
        if (!isfinite(a[i]))
            continue;
        loss->signal += (double)a[i] * (double)a[i];
        loss->noise += isfinite(difference) ? difference * difference : (double)a[i] * (double)a[i];
    }
}

struct weighing {
    struct observed_loss            *losses;
    const struct onnx_quantize_plan *plan;
    char                            *twins[MOST_AT_ONCE];
    int                              first, last;
};

static bool are_alike(const struct bsr_tensor *a, const struct bsr_tensor *b)
{
    return a && b && a->type == BSR_F32 && b->type == BSR_F32 && tensor_same_shape(a, b);
}

static bsr_status weigh_twins(void *context, const struct engine_value *outputs, int count,
                              struct bsr_error *err)
{
    const struct weighing *weighing = context;

    for (int i = weighing->first; i < weighing->last; i++) {
        const char *twin = weighing->twins[i - weighing->first];
        if (!twin)
            continue;
        const struct bsr_tensor *exact = find_output(outputs, count, weighing->plan->layers[i].output),
                                *rounded = find_output(outputs, count, twin);
        if (!are_alike(exact, rounded))
            return fail_missing(weighing->plan->layers[i].output, err);
        add_loss(&weighing->losses[i], exact, rounded);
    }
    return BSR_OK;
}

static bsr_status weigh_chunk(const struct observer *observer, struct weighing *weighing, int most,
                              struct bsr_error *err)
{
    struct onnx_model *model = NULL;
    struct engine     *engine = NULL;
    int                chunk = weighing->last - weighing->first;
    bsr_status         status = onnx_model_copy(&model, observer->graph, err);

    memset(weighing->twins, 0, sizeof weighing->twins);
    if (status == BSR_OK)
        status =
            onnx_quantize_twins(model, weighing->plan, weighing->first, weighing->last, weighing->twins, err);
    if (status == BSR_OK)
        status = open_engine(&engine, model, observer->name, err);
    onnx_model_free(model);
    for (int i = 0; status == BSR_OK && i < most; i++) {
        status =
            tell(observer, "losses", weighing->first + chunk * i / most, weighing->plan->layer_count, err);
        if (status == BSR_OK)
            status = run_sample(observer, engine, spread(observer, i, most), weigh_twins, weighing, err);
    }
    engine_close(engine);
    for (int i = 0; i < chunk; i++)
        mem_free(weighing->twins[i]);
    return status;
}

bsr_status observe_layers(struct observed_loss *losses, const struct observer *observer,
                          const struct onnx_quantize_plan *plan, int most, struct bsr_error *err)
{
    struct weighing     weighing = {.losses = losses, .plan = plan};
    struct onnx_values *values = NULL;
    bsr_status          status = infer(&values, observer, err);

    most = at_most(observer, most);
    for (int i = 0; status == BSR_OK && i < plan->layer_count;) {
        size_t bytes = 0;
        weighing.first = i;
        for (; i < plan->layer_count && i - weighing.first < MOST_AT_ONCE / 2 &&
               (i == weighing.first || bytes < OBSERVE_BYTES);
             i++)
            bytes += 2 * bytes_of(values, plan->layers[i].output) + bytes_of(values, plan->layers[i].input);
        weighing.last = i;
        status = weigh_chunk(observer, &weighing, most, err);
    }
    onnx_values_free(values);
    return status;
}

/* ---- outputs ----------------------------------------------------------------------------------------- */

struct keeping {
    struct bsr_tensor *tensors; /* of the run before */
    int                count;
};

static bsr_status keep_outputs(void *context, const struct engine_value *outputs, int count,
                               struct bsr_error *err)
{
    struct keeping *keeping = context;
    bsr_status      status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < keeping->count && i < count; i++)
        status = tensor_copy(&keeping->tensors[i], &outputs[i].tensor, err);
    return status;
}

struct judging {
    struct keeping       *kept;
    struct observed_loss *losses;
};

static bsr_status judge_outputs(void *context, const struct engine_value *outputs, int count,
                                struct bsr_error *err)
{
    const struct judging *judging = context;

    (void)err;
    for (int i = 0; i < judging->kept->count && i < count; i++)
        if (are_alike(&judging->kept->tensors[i], &outputs[i].tensor))
            add_loss(&judging->losses[i], &judging->kept->tensors[i], &outputs[i].tensor);
    return BSR_OK;
}

static bsr_status judge_samples(struct keeping *kept, struct observed_loss *losses,
                                const struct observer *observer, struct engine *const engines[2], int most,
                                struct bsr_error *err)
{
    struct judging judging = {kept, losses};
    bsr_status     status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < most; i++) {
        status = tell(observer, "outputs", i, most, err);
        if (status == BSR_OK)
            status = run_sample(observer, engines[0], spread(observer, i, most), keep_outputs, kept, err);
        if (status == BSR_OK)
            status =
                run_sample(observer, engines[1], spread(observer, i, most), judge_outputs, &judging, err);
        for (int k = 0; k < kept->count; k++)
            tensor_free(&kept->tensors[k]);
    }
    return status;
}

bsr_status observe_outputs(struct observed_loss *losses, const struct observer *observer,
                           const struct onnx_model *quantized, int most, struct bsr_error *err)
{
    struct engine *engines[2] = {NULL, NULL};
    struct keeping kept = {.count = onnx_output_count(observer->graph)};
    bsr_status     status = open_engine(&engines[0], observer->graph, observer->name, err);

    if (status == BSR_OK)
        status = open_engine(&engines[1], quantized, observer->name, err);
    kept.tensors = mem_alloc_zeroed((size_t)kept.count + 1, sizeof *kept.tensors);
    if (status == BSR_OK && !kept.tensors)
        status = bsr_fail_memory(err, observer->name, (size_t)kept.count * sizeof *kept.tensors);
    if (status == BSR_OK)
        status = judge_samples(&kept, losses, observer, engines, at_most(observer, most), err);
    mem_free(kept.tensors);
    engine_close(engines[0]);
    engine_close(engines[1]);
    return status;
}
