#include "engine/engine.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/fast/fast.h"
#include "engine/opencv_dnn.h"
#include "engine/plan.h"
#include "engine/precision.h"
#include "engine/profile.h"

#include <limits.h>
#include <string.h>

/* An input or output of the model. */
struct port {
    char   *name;
    int     type;                /* as callers see it: f32 for 16-bit floats; 0: it does not say */
    int     dims;                /* -1: not declared */
    int64_t shape[BSR_MAX_DIMS]; /* -1: any */
};

struct ports {
    struct port *items;
    int          count;
};

struct engine {
    char        *name;
    char        *backend;
    struct bytes onnx; /* a copy of the model, prepared anew for each shape; empty where it is borrowed */
    struct plan_source  source;
    struct ports        inputs, outputs;
    struct engine_wish *wishes; /* for each output, or NULL */
    const char        **input_names;
    struct plans        plans;
    struct engine_plan *plan;   /* of the last run */
    struct onnx_model  *model;  /* as it was read to be opened, for the first plan; NULL once that is made */
    struct fast_runner *runner; /* NULL: nothing is fast */

    /* of a run */
    struct bsr_tensor   *ordered; /* the inputs, in the model's order */
    bool                *converted;
    struct net_output   *results;
    struct engine_value *values;
    struct tensor       *floats;
    struct bsr_tensor   *as_floats; /* results that were no floats, for engine_run() */
};

/* ---- opening --------------------------------------------------------------------------------- */

/* The floats that onnx_prepare() makes f32. */
static bool is_16_bit(int type)
{
    return type == BSR_F16 || type == BSR_BF16;
}

static bsr_status copy_port(struct port *port, const struct onnx_value *value, struct bsr_error *err)
{
    port->type = is_16_bit(value->element_type) ? BSR_F32 : value->element_type;
    port->dims = value->dims;
    for (int i = 0; i < value->dims; i++)
        port->shape[i] = value->shape[i];
    port->name = mem_copy_text(value->name);
    return port->name ? BSR_OK : bsr_fail_memory(err, NULL, strlen(value->name) + 1);
}

static bsr_status copy_ports(struct ports *ports, const struct onnx_model *model, int count,
                             struct onnx_value (*value_at)(const struct onnx_model *, int),
                             struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    ports->items = mem_alloc_zeroed((size_t)count, sizeof *ports->items);
    if (!ports->items)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *ports->items);
    ports->count = count;
    for (int i = 0; status == BSR_OK && i < count; i++) {
        struct onnx_value value = value_at(model, i);
        status = copy_port(&ports->items[i], &value, err);
    }
    return status;
}

static bsr_status allocate_run(struct engine *engine, struct bsr_error *err)
{
    size_t inputs = (size_t)engine->inputs.count, outputs = (size_t)engine->outputs.count;

    engine->input_names = mem_alloc_zeroed(inputs, sizeof *engine->input_names);
    engine->ordered = mem_alloc_zeroed(inputs, sizeof *engine->ordered);
    engine->converted = mem_alloc_zeroed(inputs, sizeof *engine->converted);
    engine->results = mem_alloc_zeroed(outputs, sizeof *engine->results);
    engine->values = mem_alloc_zeroed(outputs, sizeof *engine->values);
    engine->floats = mem_alloc_zeroed(outputs, sizeof *engine->floats);
    engine->as_floats = mem_alloc_zeroed(outputs, sizeof *engine->as_floats);
    if (!engine->input_names || !engine->ordered || !engine->converted || !engine->results ||
        !engine->values || !engine->floats || !engine->as_floats)
        return bsr_fail_memory(err, NULL, (inputs + outputs) * sizeof *engine->values);
    for (size_t i = 0; i < inputs; i++)
        engine->input_names[i] = engine->inputs.items[i].name;
    return BSR_OK;
}

static bsr_status copy_wishes(struct engine *engine, struct bsr_error *err)
{
    size_t count = (size_t)engine->outputs.count;

    if (!engine->source.wishes)
        return BSR_OK;
    engine->wishes = mem_alloc_zeroed(count, sizeof *engine->wishes);
    if (!engine->wishes)
        return bsr_fail_memory(err, engine->name, count * sizeof *engine->wishes);
    memcpy(engine->wishes, engine->source.wishes, count * sizeof *engine->wishes);
    engine->source.wishes = engine->wishes;
    return BSR_OK;
}

static bsr_status read_ports(struct engine *engine, const struct onnx_model *model, struct bsr_error *err)
{
    bsr_status status = copy_ports(&engine->inputs, model, onnx_input_count(model), onnx_input, err);

    if (status == BSR_OK)
        status = copy_ports(&engine->outputs, model, onnx_output_count(model), onnx_output, err);
    if (status == BSR_OK && !engine->outputs.count)
        return bsr_fail(err, BSR_EMODEL, engine->name, "a net without outputs can't be run");
    if (status == BSR_OK)
        status = copy_wishes(engine, err);
    return status == BSR_OK ? allocate_run(engine, err) : status;
}

static bsr_status keep_source(struct engine *engine, const void *onnx, size_t size,
                              const struct engine_options *options, const char *name, struct bsr_error *err)
{
    const char *backend = options && options->backend ? options->backend : "auto";
    bool        borrow = options && options->borrow;

    engine->name = mem_copy_text(name ? name : "");
    engine->backend = mem_copy_text(backend);
    if (!engine->name || !engine->backend || (!borrow && !bytes_append(&engine->onnx, onnx, size)))
        return bsr_fail_memory(err, name, size);
    engine->source = (struct plan_source){.onnx = borrow ? onnx : engine->onnx.data,
                                          .size = size,
                                          .name = engine->name,
                                          .backend = engine->backend,
                                          .drop_qdq = options && options->drop_qdq,
                                          .wishes = options ? options->wishes : NULL};
    return strcmp(backend, "besra") == 0 ? BSR_OK : opencv_check_backend(backend, err);
}

/* Fast regions belong to "auto": "opencv" is stock OpenCV, to compare with. */
static bsr_status open_runner(struct engine *engine, const struct engine_options *options,
                              struct bsr_error *err)
{
    bsr_status status =
        strcmp(engine->backend, "auto") == 0 ? fast_runner_open(&engine->runner, err) : BSR_OK;

    if (status == BSR_OK && options && engine->runner)
        fast_runner_set_way(engine->runner, (struct fast_way){.steady = options->steady,
                                                              .bf16 = options->precision == ENGINE_BF16});
    engine->source.runner = engine->runner;
    return status;
}

/* The shapes that the model declares, where it declares them all. */
static bool take_declared(struct engine *engine)
{
    for (int i = 0; i < engine->inputs.count; i++) {
        const struct port *port = &engine->inputs.items[i];
        struct bsr_tensor *tensor = &engine->ordered[i];
        *tensor = (struct bsr_tensor){.type = port->type, .dims = port->dims};
        if (port->dims < 0 || !port->type)
            return false;
        for (int d = 0; d < port->dims; d++) {
            if (port->shape[d] < 0)
                return false;
            tensor->shape[d] = port->shape[d];
        }
    }
    return true;
}

static bsr_status get_plan(struct engine *engine, struct bsr_error *err)
{
    struct onnx_model *model = engine->model;

    engine->model = NULL;
    return plans_get(&engine->plan, &engine->plans, &engine->source, model, engine->ordered,
                     engine->input_names, engine->inputs.count, err);
}

static bsr_status open_model(struct engine *engine, enum engine_precision precision, struct bsr_error *err)
{
    bsr_status status =
        onnx_model_read(&engine->model, engine->source.onnx, engine->source.size, NULL, engine->name, err);

    if (status == BSR_OK)
        status = precision_check_model(precision, engine->model, err);
    if (status == BSR_OK)
        status = read_ports(engine, engine->model, err);
    if (status == BSR_OK && take_declared(engine))
        status = get_plan(engine, err);
    return status;
}

bsr_status engine_open(struct engine **out, const void *onnx, size_t size,
                       const struct engine_options *options, const char *name, struct bsr_error *err)
{
    struct engine *engine = mem_alloc_zeroed(1, sizeof *engine);
    if (!engine)
        return bsr_fail_memory(err, name, sizeof *engine);

    const enum engine_precision precision = options ? options->precision : ENGINE_F32;

    bsr_status status = precision_check(precision, options ? options->backend : NULL, err);
    if (status == BSR_OK)
        status = keep_source(engine, onnx, size, options, name, err);
    if (status == BSR_OK)
        status = open_runner(engine, options, err);
    if (status == BSR_OK) {
        status = open_model(engine, precision, err);
        if (status != BSR_OK)
            bsr_error_set_subject(err, engine->name);
    }
    if (status != BSR_OK) {
        engine_close(engine);
        return status;
    }
    *out = engine;
    return BSR_OK;
}

static void free_ports(struct ports *ports)
{
    for (int i = 0; i < ports->count; i++)
        mem_free(ports->items[i].name);
    mem_free(ports->items);
}

/* What the last run left. */
static void clear_results(struct engine *engine)
{
    for (int i = 0; i < engine->outputs.count; i++) {
        if (engine->results && engine->results[i].owned)
            tensor_free(&engine->results[i].tensor);
        if (engine->as_floats)
            tensor_free(&engine->as_floats[i]);
        if (engine->results)
            engine->results[i] = (struct net_output){.owned = false};
    }
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    clear_results(engine);
    plans_free(&engine->plans);
    onnx_model_free(engine->model);
    fast_runner_close(engine->runner);
    free_ports(&engine->inputs);
    free_ports(&engine->outputs);
    mem_free(engine->wishes);
    mem_free(engine->input_names);
    mem_free(engine->ordered);
    mem_free(engine->converted);
    mem_free(engine->results);
    mem_free(engine->values);
    mem_free(engine->floats);
    mem_free(engine->as_floats);
    bytes_free(&engine->onnx);
    mem_free(engine->backend);
    mem_free(engine->name);
    mem_free(engine);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static const char *shown(const char *name)
{
    return name ? name : "";
}

/* A shape that may be held at all. */
static bsr_status check_input(const struct engine *engine, const struct engine_value *input,
                              struct bsr_error *err)
{
    const struct bsr_tensor *tensor = &input->tensor;

    if (!tensor->data || tensor->dims < 0 || tensor->dims > BSR_MAX_DIMS)
        return bsr_fail(err, BSR_EENGINE, engine->name,
                        "the input '%.128s' has %d dimensions (0 to %d) or no data", shown(input->name),
                        tensor->dims, BSR_MAX_DIMS);
    for (int i = 0; i < tensor->dims; i++)
        if (tensor->shape[i] < 0 || tensor->shape[i] > INT_MAX)
            return bsr_fail(err, BSR_EENGINE, engine->name,
                            "the input '%.128s' has an impossible side of %lld", shown(input->name),
                            (long long)tensor->shape[i]);
    if (tensor_bytes(tensor) > TENSOR_MAX_BYTES)
        return bsr_fail(err, BSR_EENGINE, engine->name, "the input '%.128s' of %s is too large",
                        shown(input->name), tensor_shape_text(tensor).text);
    return BSR_OK;
}

/* Where an input belongs among the model's, or -1. The only input of a net needs no name. */
static int find_port(const struct engine *engine, const char *name)
{
    if (!name)
        return engine->inputs.count == 1 ? 0 : -1;
    for (int i = 0; i < engine->inputs.count; i++)
        if (strcmp(engine->inputs.items[i].name, name) == 0)
            return i;
    return -1;
}

/* The type that the model wants; floats of engine_run(), and those of 16 bits, are converted to it. */
static bsr_status take_type(struct engine *engine, int port, bool convert, struct bsr_error *err)
{
    struct bsr_tensor *tensor = &engine->ordered[port];
    struct bsr_tensor  other = {.data = NULL};
    int                wanted = engine->inputs.items[port].type;

    if (!wanted || wanted == tensor->type)
        return BSR_OK;
    convert = convert || (wanted == BSR_F32 && is_16_bit(tensor->type));
    if (!convert || !tensor_type_size(wanted))
        return bsr_fail(err, BSR_EENGINE, engine->name, "the input '%.128s' is of %s, it was given %s",
                        engine->inputs.items[port].name, tensor_type_name(wanted),
                        tensor_type_name(tensor->type));
    bsr_status status = tensor_convert(&other, tensor, wanted, err);
    if (status != BSR_OK)
        return status;
    *tensor = other;
    engine->converted[port] = true;
    return BSR_OK;
}

static void free_converted(struct engine *engine)
{
    for (int i = 0; i < engine->inputs.count; i++) {
        if (engine->converted[i])
            tensor_free(&engine->ordered[i]);
        engine->converted[i] = false;
    }
}

/* Puts an input where the model has it. */
static bsr_status order_input(struct engine *engine, const struct engine_value *input, bool convert,
                              struct bsr_error *err)
{
    int        port = find_port(engine, input->name);
    bsr_status status = check_input(engine, input, err);

    if (status != BSR_OK)
        return status;
    if (port < 0 || engine->ordered[port].type)
        return bsr_fail(err, BSR_EENGINE, engine->name, "the net has no %sinput '%.128s'",
                        port < 0 ? "" : "second ", shown(input->name));
    int dims = engine->inputs.items[port].dims;
    if (dims >= 0 && dims != input->tensor.dims)
        return bsr_fail(err, BSR_EENGINE, engine->name, "the input '%.128s' has %d dimensions, not %s",
                        engine->inputs.items[port].name, dims, tensor_shape_text(&input->tensor).text);
    engine->ordered[port] = input->tensor;
    return take_type(engine, port, convert, err);
}

static bsr_status check_count(const struct engine *engine, int count, struct bsr_error *err)
{
    if (count == engine->inputs.count)
        return BSR_OK;
    return bsr_fail(err, BSR_EENGINE, engine->name, "the net takes %d inputs, not %d", engine->inputs.count,
                    count);
}

/* ---- running --------------------------------------------------------------------------------- */

/* "1x3x640x640, 1" */
static void append_shapes(struct bytes *text, const struct engine *engine)
{
    for (int i = 0; i < engine->inputs.count && i < 4; i++)
        bytes_append_format(text, "%s%s", i ? ", " : "", tensor_shape_text(&engine->ordered[i]).text);
}

/* What was wrong with the model at these shapes, as a failure of the run. */
static bsr_status fail_at_shapes(const struct engine *engine, bsr_status status, struct bsr_error *err)
{
    struct bytes shapes = {0};

    if (status != BSR_EMODEL)
        return status;
    append_shapes(&shapes, engine);
    if (err)
        bsr_fail(err, BSR_EENGINE, engine->name, "can't run at %s: %s", bytes_text(&shapes), err->message);
    bytes_free(&shapes);
    return BSR_EENGINE;
}

/* Runs the plan; what OpenCV refuses only now is taken from it, until it is left with nothing. */
static bsr_status run_plan(struct engine *engine, struct bsr_error *err)
{
    struct engine_plan *plan = engine->plan;
    struct complaint    complaint = {.node = ""};
    bsr_status          status;
    bool                refused;

    do {
        status = net_run(plan->net, plan->types, engine->ordered, engine->results, &refused, &complaint, err);
        if (!refused || plan->besra)
            break;
        status = plans_remake(plan, &engine->plans, &engine->source, engine->input_names, &complaint, err);
    } while (status == BSR_OK);
    return status;
}

/* What lies elsewhere is not what OpenCV has for it. */
static void take_heads_away(struct engine *engine)
{
    struct engine_head head;
    for (int i = 0; engine->wishes && i < engine->outputs.count; i++)
        if (engine_head(engine, i, &head))
            engine->results[i].tensor.data = NULL;
}

static bsr_status run_ordered(struct engine *engine, struct bsr_error *err)
{
    clear_results(engine);
    bsr_status status = get_plan(engine, err);
    if (status == BSR_OK)
        status = run_plan(engine, err);
    if (status == BSR_OK) {
        take_heads_away(engine);
        return BSR_OK;
    }
    bsr_error_set_subject(err, engine->name);
    return fail_at_shapes(engine, status, err);
}

/* `convert`: inputs may be of another type than the model's. */
static bsr_status run(struct engine *engine, const struct engine_value *inputs, int count, bool convert,
                      struct bsr_error *err)
{
    bsr_status status = check_count(engine, count, err);

    for (int i = 0; i < engine->inputs.count; i++)
        engine->ordered[i] = (struct bsr_tensor){.type = 0};
    for (int i = 0; status == BSR_OK && i < count; i++)
        status = order_input(engine, &inputs[i], convert, err);
    if (status == BSR_OK)
        status = run_ordered(engine, err);
    free_converted(engine);
    return status;
}

bsr_status engine_run_any(struct engine *engine, const struct engine_value *inputs, int input_count,
                          const struct engine_value **outputs, int *output_count, struct bsr_error *err)
{
    bsr_status status = run(engine, inputs, input_count, false, err);

    if (status != BSR_OK)
        return status;
    for (int i = 0; i < engine->outputs.count; i++)
        engine->values[i] = (struct engine_value){engine->outputs.items[i].name, engine->results[i].tensor};
    *outputs = engine->values;
    *output_count = engine->outputs.count;
    return BSR_OK;
}

/* A result as floats: itself, nearly always. */
static bsr_status give_floats(struct engine *engine, int index, struct bsr_error *err)
{
    const struct bsr_tensor *result = &engine->results[index].tensor;
    struct tensor           *floats = &engine->floats[index];

    if (result->type != BSR_F32) {
        bsr_status status = tensor_convert(&engine->as_floats[index], result, BSR_F32, err);
        if (status != BSR_OK)
            return status;
        result = &engine->as_floats[index];
    }
    *floats = (struct tensor){
        .name = engine->outputs.items[index].name, .data = result->data, .dims = result->dims};
    memcpy(floats->shape, result->shape, sizeof floats->shape);
    return BSR_OK;
}

/* Net pictures have sides; a caller that has none has made a mistake. */
static bsr_status check_floats(const struct engine *engine, const struct tensor *input, struct bsr_error *err)
{
    if (!input->data || input->dims < 1 || input->dims > ENGINE_MAX_DIMS)
        return bsr_fail(err, BSR_EENGINE, engine->name,
                        "the input '%.128s' has %d dimensions (1 to %d) or no data", shown(input->name),
                        input->dims, ENGINE_MAX_DIMS);
    for (int i = 0; i < input->dims; i++)
        if (input->shape[i] < 1)
            return bsr_fail(err, BSR_EENGINE, engine->name,
                            "the input '%.128s' has an impossible side of %lld", shown(input->name),
                            (long long)input->shape[i]);
    return BSR_OK;
}

bsr_status engine_run(struct engine *engine, const struct tensor *inputs, int input_count,
                      const struct tensor **outputs, int *output_count, struct bsr_error *err)
{
    bsr_status           status = check_count(engine, input_count, err);
    struct engine_value *values = NULL;

    if (status == BSR_OK) {
        values = mem_alloc_zeroed((size_t)input_count, sizeof *values);
        status = values ? BSR_OK : bsr_fail_memory(err, engine->name, sizeof *values);
    }
    for (int i = 0; status == BSR_OK && i < input_count; i++) {
        status = check_floats(engine, &inputs[i], err);
        if (status != BSR_OK)
            break;
        values[i] = (struct engine_value){
            inputs[i].name, {.data = (void *)inputs[i].data, .type = BSR_F32, .dims = inputs[i].dims}};
        memcpy(values[i].tensor.shape, inputs[i].shape, sizeof values[i].tensor.shape);
    }
    if (status == BSR_OK)
        status = run(engine, values, input_count, true, err);
    mem_free(values);
    for (int i = 0; status == BSR_OK && i < engine->outputs.count; i++)
        status = give_floats(engine, i, err);
    if (status != BSR_OK)
        return status;
    *outputs = engine->floats;
    *output_count = engine->outputs.count;
    return BSR_OK;
}

bsr_status engine_profile(struct engine *engine, const struct engine_value *inputs, int input_count, int runs,
                          struct engine_step **steps, int *count, struct bsr_error *err)
{
    struct profile profile = {.items = NULL};
    bsr_status     status = BSR_OK;

    for (int run = 0; status == BSR_OK && run < runs; run++) {
        const struct engine_value *outputs;
        int                        output_count;
        double                     start = clock_ms();
        status = engine_run_any(engine, inputs, input_count, &outputs, &output_count, err);
        if (status == BSR_OK)
            status = profile_add_run(&profile, engine->plan->net, clock_ms() - start, err);
    }
    if (status == BSR_OK)
        status = profile_finish(&profile, engine->plan->net, runs, err);
    if (status != BSR_OK) {
        profile_free(&profile);
        return status;
    }
    *steps = profile.items;
    *count = profile.count;
    return BSR_OK;
}

/* ---- heads ----------------------------------------------------------------------------------- */

bool engine_head(const struct engine *engine, int output, struct engine_head *out)
{
    return output >= 0 && output < engine->outputs.count && engine->plan && engine->plan->net &&
           net_head(engine->plan->net, output, out);
}

bsr_status engine_head_rows(struct engine *engine, int output, int group, const uint32_t *pixels,
                            size_t count, const float **rows, size_t *step, struct bsr_error *err)
{
    if (output < 0 || output >= engine->outputs.count || !engine->plan || !engine->plan->net)
        return bsr_fail(err, BSR_ERANGE, engine->name, "there is no head %d", output);
    return net_head_rows(engine->plan->net, output, group, pixels, count, rows, step, err);
}

/* ---- questions ------------------------------------------------------------------------------- */

const struct onnx_changes *engine_changes(const struct engine *engine)
{
    static const struct onnx_changes none = {0};
    return engine->plan ? &engine->plan->changes : &none;
}

size_t engine_fast_bytes(const struct engine *engine)
{
    return engine->plan && engine->plan->net ? net_fast_bytes(engine->plan->net) : 0;
}

void engine_set_threads(int threads)
{
    opencv_set_threads(threads);
    fast_set_threads(threads);
}

const char *engine_version(void)
{
    return opencv_version();
}
