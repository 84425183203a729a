#include "engine/region.h"

#include "base/alloc.h"
#include "engine/fast/fast.h"

#include <limits.h>
#include <string.h>

struct net_region {
    const struct onnx_region *region;
    struct evaluator         *evaluator; /* of one that isn't fast */
    struct fast_program      *program;   /* of one that is */
    struct fast_runner       *runner;
    float                   **planes; /* inputs, outputs of a run of it */
    char                     *name;
};

size_t region_words(size_t bytes)
{
    return bytes ? (bytes + 3) / 4 : 1;
}

int region_net_shape(const struct bsr_tensor *tensor, int sides[REGION_MAX_DIMS])
{
    int dims = 0;

    if (tensor->type != BSR_F32)
        sides[dims++] = (int)region_words(tensor_bytes(tensor));
    for (int i = 0; tensor->type == BSR_F32 && i < tensor->dims; i++)
        sides[dims++] = (int)tensor->shape[i];
    while (dims < 2)
        sides[dims++] = 1;
    return dims;
}

/* OpenCV counts the numbers of a blob in an int. */
static bsr_status check_sizes(const struct bsr_tensor *tensors, int count, const char *name,
                              struct bsr_error *err)
{
    for (int i = 0; i < count; i++) {
        size_t bytes = tensor_bytes(&tensors[i]);
        if (bytes == SIZE_MAX || region_words(bytes) > INT_MAX)
            return bsr_fail(err, BSR_EMODEL, name, "a tensor of %s is too large",
                            tensor_shape_text(&tensors[i]).text);
    }
    return BSR_OK;
}

static bsr_status open_runner(struct net_region *opened, const struct onnx_region *region,
                              const struct engine_wish *wishes, struct bsr_error *err)
{
    size_t ends = (size_t)region->input_count + (size_t)region->output_count;

    if (!region->fast)
        return evaluator_open(&opened->evaluator, region->model, err);
    opened->planes = mem_alloc_zeroed(ends + 1, sizeof(void *));
    if (!opened->planes)
        return bsr_fail_memory(err, opened->name, ends * sizeof(void *));
    return fast_compile_as(&opened->program, region, fast_runner_way(opened->runner), wishes, opened->name,
                           err);
}

bsr_status region_open(struct net_region **out, const struct onnx_region *region, struct fast_runner *runner,
                       const struct engine_wish *wishes, const char *name, struct bsr_error *err)
{
    struct net_region *opened = mem_alloc_zeroed(1, sizeof *opened);
    if (!opened)
        return bsr_fail_memory(err, name, sizeof *opened);

    bsr_status status = check_sizes(region->inputs, region->input_count, name, err);
    opened->region = region;
    opened->runner = runner;
    opened->name = mem_copy_text(name);
    if (!opened->name)
        status = bsr_fail_memory(err, name, strlen(name) + 1);
    if (status == BSR_OK)
        status = check_sizes(region->outputs, region->output_count, name, err);
    if (status == BSR_OK)
        status = open_runner(opened, region, wishes, err);
    if (status != BSR_OK) {
        region_close(opened);
        return status;
    }
    *out = opened;
    return BSR_OK;
}

void region_close(struct net_region *region)
{
    if (!region)
        return;
    evaluator_close(region->evaluator);
    fast_close(region->program);
    mem_free(region->planes);
    mem_free(region->name);
    mem_free(region);
}

struct fast_program *region_program(const struct net_region *region)
{
    return region->program;
}

int region_input_count(const struct net_region *region)
{
    return region->region->input_count;
}

int region_output_count(const struct net_region *region)
{
    return region->region->output_count;
}

bool region_takes(const struct net_region *region, const size_t *words)
{
    for (int i = 0; i < region->region->input_count; i++)
        if (words[i] != region_words(tensor_bytes(&region->region->inputs[i])))
            return false;
    return true;
}

int region_output_shape(const struct net_region *region, int index, int sides[REGION_MAX_DIMS])
{
    return region_net_shape(&region->region->outputs[index], sides);
}

static bsr_status check_block(const struct net_region *region, const struct region_block *block,
                              const struct bsr_tensor *tensor, struct bsr_error *err)
{
    size_t words = region_words(tensor_bytes(tensor));
    if (block->words == words)
        return BSR_OK;
    return bsr_fail(err, BSR_EENGINE, region->name, "a tensor of %s came with %zu numbers, not %zu",
                    tensor_shape_text(tensor).text, block->words, words);
}

/* The bytes that an output's words hold; those that pad the last word are zeros. */
static bsr_status hand_over(const struct net_region *region, const struct region_block *block,
                            const struct bsr_tensor *expected, const struct bsr_tensor *computed,
                            struct bsr_error *err)
{
    size_t     bytes = tensor_bytes(computed);
    bsr_status status = check_block(region, block, expected, err);

    if (status != BSR_OK)
        return status;
    if (computed->type != expected->type || !tensor_same_shape(computed, expected))
        return bsr_fail(err, BSR_EENGINE, region->name, "a tensor of %s was computed where %s was expected",
                        tensor_shape_text(computed).text, tensor_shape_text(expected).text);
    memcpy(block->data, computed->data, bytes);
    memset((char *)block->data + bytes, 0, block->words * 4 - bytes);
    return BSR_OK;
}

static bsr_status run_on(const struct net_region *region, const struct bsr_tensor *inputs,
                         struct bsr_tensor *computed, const struct region_block *outputs,
                         struct bsr_error *err)
{
    const struct onnx_region *own = region->region;
    bsr_status                status = evaluator_run(region->evaluator, inputs, computed, NULL, NULL, err);

    if (status != BSR_OK)
        return status == BSR_EMODEL && err ? (err->code = BSR_EENGINE) : status;
    for (int i = 0; status == BSR_OK && i < own->output_count; i++)
        status = hand_over(region, &outputs[i], &own->outputs[i], &computed[i], err);
    for (int i = 0; i < own->output_count; i++)
        tensor_free(&computed[i]);
    return status;
}

/* f32 only, and no smaller than a word. */
static bsr_status run_program(const struct net_region *region, const struct region_block *inputs,
                              const struct region_block *outputs, struct bsr_error *err)
{
    const struct onnx_region *own = region->region;
    float                   **ins = region->planes, **outs = region->planes + own->input_count;
    bsr_status                status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < own->input_count; i++) {
        ins[i] = inputs[i].data;
        status = check_block(region, &inputs[i], &own->inputs[i], err);
    }
    for (int i = 0; status == BSR_OK && i < own->output_count; i++) {
        outs[i] = outputs[i].data;
        status = check_block(region, &outputs[i], &own->outputs[i], err);
    }
    return status == BSR_OK ? fast_run(region->program, region->runner, ins, outs, err) : status;
}

bsr_status region_run(const struct net_region *region, const struct region_block *inputs,
                      const struct region_block *outputs, struct bsr_error *err)
{
    const struct onnx_region *own = region->region;
    if (region->program)
        return run_program(region, inputs, outputs, err);

    struct bsr_tensor *tensors =
        mem_alloc_zeroed((size_t)own->input_count + (size_t)own->output_count, sizeof *tensors);
    bsr_status status = BSR_OK;

    if (!tensors)
        return bsr_fail_memory(err, region->name, sizeof *tensors);
    for (int i = 0; status == BSR_OK && i < own->input_count; i++) {
        tensors[i] = own->inputs[i];
        tensors[i].data = inputs[i].data;
        status = check_block(region, &inputs[i], &own->inputs[i], err);
    }
    if (status == BSR_OK)
        status = run_on(region, tensors, tensors + own->input_count, outputs, err);
    mem_free(tensors);
    return status;
}
