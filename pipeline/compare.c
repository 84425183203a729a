#include "pipeline/compare.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/edit.h"
#include "pipeline/compare_folder.h"

#include <string.h>

enum { MOST_AT_ONCE = 256, UNKNOWN_BYTES = 1 << 20 }; /* a model may have 1,024 outputs */

/* ---- one side ---------------------------------------------------------------------------------------- */

/* What an input is fed with: by name; a model's only input takes the only feed. */
static const struct onnx_named *find_feed(const struct feeds *feeds, const struct onnx_model *model,
                                          int input)
{
    const struct onnx_named *feed = feeds_find(feeds, onnx_input(model, input).name);
    bool                     only = onnx_input_count(model) == 1 && feeds->count == 1;
    return feed ? feed : only ? &feeds->items[0] : NULL;
}

/* In the order of the model; the caller frees the array. */
static bsr_status collect_inputs(struct engine_value **out, const struct compare_side *side,
                                 const struct feeds *feeds, struct bsr_error *err)
{
    size_t               count = (size_t)onnx_input_count(side->model);
    struct engine_value *inputs = mem_alloc_zeroed(count + 1, sizeof *inputs);

    if (!inputs)
        return bsr_fail_memory(err, side->name, count * sizeof *inputs);
    for (size_t i = 0; i < count; i++) {
        const char              *name = onnx_input(side->model, (int)i).name;
        const struct onnx_named *feed = find_feed(feeds, side->model, (int)i);
        if (!feed) {
            mem_free(inputs);
            return bsr_fail(err, BSR_EUSAGE, side->name,
                            "its input '%.200s' is none of the other model: there is nothing to feed it with",
                            name);
        }
        inputs[i] = (struct engine_value){.name = name, .tensor = feed->tensor};
    }
    *out = inputs;
    return BSR_OK;
}

/* The model with `names` among its outputs, in an engine. */
static bsr_status open_engine(struct engine **out, const struct compare_side *side, const char *const *names,
                              int count, struct bsr_error *err)
{
    const struct engine_options how = {.backend = side->backend, .drop_qdq = side->drop_qdq};
    struct onnx_model          *model = NULL;
    struct bytes                bytes = {0};
    bsr_status                  status = onnx_model_copy(&model, side->model, err);

    if (status == BSR_OK)
        status = onnx_add_outputs(model, names, count, err);
    if (status == BSR_OK && side->half)
        status = onnx_to_f16(model, err);
    if (status == BSR_OK)
        status = onnx_model_write(model, &bytes, err);
    onnx_model_free(model);
    if (status == BSR_OK)
        status = engine_open(out, bytes.data, bytes.size, &how, side->name, err);
    bytes_free(&bytes);
    return status;
}

static bsr_status copy_output(struct bsr_tensor *out, const struct engine_value *outputs, int output_count,
                              const char *name, struct bsr_error *err)
{
    for (int i = 0; i < output_count; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return tensor_copy(out, &outputs[i].tensor, err);
    return bsr_fail(err, BSR_EENGINE, name, "was computed, but not given out");
}

static void free_tensors(struct bsr_tensor *tensors, int count)
{
    for (int i = 0; i < count; i++)
        tensor_free(&tensors[i]);
}

bsr_status compare_run_side(struct bsr_tensor *out, const struct compare_side *side,
                            const struct feeds *feeds, const char *const *names, int count,
                            struct bsr_error *err)
{
    const struct engine_value *outputs = NULL;
    struct engine_value       *inputs = NULL;
    struct engine             *engine = NULL;
    int                        output_count = 0, copied = 0;
    bsr_status                 status = collect_inputs(&inputs, side, feeds, err);

    if (status == BSR_OK)
        status = open_engine(&engine, side, names, count, err);
    if (status == BSR_OK)
        status = engine_run_any(engine, inputs, onnx_input_count(side->model), &outputs, &output_count, err);
    for (; status == BSR_OK && copied < count; copied++) {
        out[copied] = (struct bsr_tensor){.data = NULL};
        status = copy_output(&out[copied], outputs, output_count, names[copied], err);
    }
    if (status != BSR_OK)
        free_tensors(out, copied);
    engine_close(engine);
    mem_free(inputs);
    return status;
}

/* ---- pairs ------------------------------------------------------------------------------------------- */

/* Tensors that are computed in one run. */
struct chunk {
    int    pairs[MOST_AT_ONCE];
    int    own, count; /* the first `own` of them are outputs of the models */
    size_t bytes;      /* of both sides */
};

struct comparing {
    struct compare_result      *results;
    const struct compare_side  *sides;
    const struct feeds         *feeds;
    const struct compare_pairs *pairs;
    const struct tolerance     *allowed;
    struct chunk                chunk;
};

static bsr_status read_side(struct bsr_tensor *out, const struct compare_side *side, const char *const *names,
                            int count, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    int        read = 0;

    for (; status == BSR_OK && read < count; read++) {
        out[read] = (struct bsr_tensor){.data = NULL};
        status = compare_folder_read(&out[read], side->name, names[read], err);
    }
    if (status != BSR_OK)
        free_tensors(out, read);
    return status;
}

/* The first `own` of the names are outputs of the models, and computed in a run of the model as it is:
 * OpenCV joins layers where nobody asks for what is between them. besra's operators don't: one run does. */
static bsr_status fetch_side(struct bsr_tensor *out, const struct compare_side *side,
                             const struct feeds *feeds, const char *const *names, int own, int count,
                             struct bsr_error *err)
{
    bool joins = !side->backend || strcmp(side->backend, "besra") != 0;

    if (!side->model)
        return read_side(out, side, names, count, err);
    if (own == 0 || own == count || !joins)
        return compare_run_side(out, side, feeds, names, count, err);
    bsr_status status = compare_run_side(out, side, feeds, names, own, err);
    if (status != BSR_OK)
        return status;
    status = compare_run_side(out + own, side, feeds, names + own, count - own, err);
    if (status != BSR_OK)
        free_tensors(out, own);
    return status;
}

bsr_status compare_fetch(struct bsr_tensor out[2], const struct compare_side sides[2],
                         const struct feeds *feeds, const struct compare_pair *pair, struct bsr_error *err)
{
    struct bsr_tensor tensors[2];
    const char *const names[] = {pair->names[0], pair->names[1]};
    bsr_status        status = fetch_side(&tensors[0], &sides[0], feeds, &names[0], 0, 1, err);

    if (status != BSR_OK)
        return status;
    status = fetch_side(&tensors[1], &sides[1], feeds, &names[1], 0, 1, err);
    if (status == BSR_OK)
        memcpy(out, tensors, sizeof tensors);
    else
        tensor_free(&tensors[0]);
    return status;
}

static struct bsr_tensor shape_of(const struct bsr_tensor *tensor)
{
    struct bsr_tensor shape = *tensor;
    shape.data = NULL;
    return shape;
}

static bsr_status compare_chunk(struct comparing *run, struct bsr_error *err)
{
    struct bsr_tensor   tensors[2][MOST_AT_ONCE];
    const char         *names[MOST_AT_ONCE];
    const struct chunk *chunk = &run->chunk;
    int                 there[2] = {0, 0};
    bsr_status          status = BSR_OK;

    for (int side = 0; status == BSR_OK && side < 2; side++) {
        for (int i = 0; i < chunk->count; i++)
            names[i] = run->pairs->items[chunk->pairs[i]].names[side];
        status =
            fetch_side(tensors[side], &run->sides[side], run->feeds, names, chunk->own, chunk->count, err);
        there[side] = status == BSR_OK ? chunk->count : 0;
    }
    for (int i = 0; status == BSR_OK && i < chunk->count; i++)
        run->results[chunk->pairs[i]] = (struct compare_result){
            .difference = difference_of(&tensors[0][i], &tensors[1][i], run->allowed),
            .shapes = {shape_of(&tensors[0][i]), shape_of(&tensors[1][i])},
        };
    free_tensors(tensors[0], there[0]);
    free_tensors(tensors[1], there[1]);
    return status;
}

/* Adds a pair to the chunk; one that is full is compared first. */
static bsr_status add_to_chunk(struct comparing *run, int index, struct bsr_error *err)
{
    const struct compare_pair *pair = &run->pairs->items[index];
    struct chunk              *chunk = &run->chunk;
    size_t                     bytes = 2 * (pair->bytes ? pair->bytes : UNKNOWN_BYTES);
    bsr_status                 status = BSR_OK;

    if (chunk->count == MOST_AT_ONCE || (chunk->count && chunk->bytes + bytes > COMPARE_BYTES)) {
        status = compare_chunk(run, err);
        *chunk = (struct chunk){.count = 0};
    }
    chunk->pairs[chunk->count++] = index;
    chunk->own += pair->is_own;
    chunk->bytes += bytes;
    return status;
}

bsr_status compare_run(struct compare_result *results, const struct compare_side sides[2],
                       const struct feeds *feeds, const struct compare_pairs *pairs,
                       const struct tolerance *allowed, struct bsr_error *err)
{
    struct comparing run = {
        .results = results, .sides = sides, .feeds = feeds, .pairs = pairs, .allowed = allowed};
    bsr_status status = BSR_OK;

    for (int own = 1; own >= 0; own--)
        for (int i = 0; status == BSR_OK && i < pairs->count; i++)
            if (pairs->items[i].is_own == (own == 1))
                status = add_to_chunk(&run, i, err);
    if (status == BSR_OK && run.chunk.count)
        status = compare_chunk(&run, err);
    return status;
}

int compare_first(const struct compare_result *results, int count)
{
    for (int i = 0; i < count; i++)
        if (difference_parts(&results[i].difference))
            return i;
    return -1;
}
