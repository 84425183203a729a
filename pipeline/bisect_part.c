#include "pipeline/bisect_part.h"

#include "base/alloc.h"

#include <string.h>

enum { TENSOR };

/* ---- the graph --------------------------------------------------------------------------------------- */

static bsr_status list_makers(struct bisect_part *part, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < part->inspection.layer_count; i++) {
        const struct onnx_layer *layer = &part->inspection.layers[i];
        bool                     constant = strcmp(layer->type, "Constant") == 0;
        for (int k = 0; status == BSR_OK && !constant && k < layer->output_count; k++)
            status = name_table_add(&part->makers, layer->outputs[k], TENSOR, (size_t)i, err);
    }
    name_table_sort(&part->makers);
    return status;
}

bsr_status bisect_part_open(struct bisect_part *part, const struct onnx_model *model,
                            const struct feeds *feeds, struct bsr_error *err)
{
    struct onnx_named *shapes = feeds_shapes(feeds);
    size_t             reads = 1;

    part->model = model;
    if (!shapes)
        return bsr_fail_memory(err, NULL, sizeof *shapes);
    bsr_status status = onnx_inspect(&part->inspection, model, shapes, feeds->count, err);
    mem_free(shapes);
    if (status != BSR_OK)
        return status;
    size_t layers = (size_t)part->inspection.layer_count;
    for (size_t i = 0; i < layers; i++)
        reads += (size_t)part->inspection.layers[i].input_count;
    part->distance = mem_alloc_zeroed(layers + 1, sizeof *part->distance);
    part->queue = mem_alloc_zeroed(layers + 1, sizeof *part->queue);
    part->edges = mem_alloc_zeroed(reads, sizeof *part->edges);
    if (!part->distance || !part->queue || !part->edges)
        return bsr_fail_memory(err, NULL, (layers + reads) * sizeof *part->edges);
    return list_makers(part, err);
}

void bisect_part_close(struct bisect_part *part)
{
    onnx_inspection_free(&part->inspection);
    name_table_free(&part->makers);
    name_table_free(&part->cuts);
    mem_free(part->distance);
    mem_free(part->queue);
    mem_free((void *)part->edges);
}

bsr_status bisect_part_may_cut(struct bisect_part *part, const char *name, size_t at, struct bsr_error *err)
{
    return name_table_add(&part->cuts, name, TENSOR, at, err);
}

void bisect_part_sort(struct bisect_part *part)
{
    name_table_sort(&part->cuts);
}

/* ---- a part of it ------------------------------------------------------------------------------------ */

bool bisect_is_input(const struct onnx_model *model, const char *name)
{
    for (int i = 0; i < onnx_input_count(model); i++)
        if (strcmp(onnx_input(model, i).name, name) == 0)
            return true;
    return false;
}

static void take_layer(struct bisect_part *part, size_t layer, int distance)
{
    if (part->distance[layer] >= 0)
        return;
    part->distance[layer] = distance;
    part->queue[part->queued++] = (int)layer;
}

static void take_edge(struct bisect_part *part, const char *name)
{
    for (int i = 0; i < part->edge_count; i++)
        if (strcmp(part->edges[i], name) == 0)
            return;
    part->edges[part->edge_count++] = name;
}

/* What a layer of the part reads: made within the part, or an edge of it. */
static void follow(struct bisect_part *part, const char *name, int distance, int reach)
{
    const struct name_entry *maker = *name ? name_table_find(&part->makers, name) : NULL;

    if (!maker) {
        if (*name && bisect_is_input(part->model, name))
            take_edge(part, name);
        return;
    }
    if (part->distance[maker->at] < 0 && distance >= reach && name_table_find(&part->cuts, name))
        take_edge(part, name);
    else
        take_layer(part, maker->at, distance);
}

int bisect_part_choose(struct bisect_part *part, const char *end, int reach)
{
    const struct name_entry *maker = name_table_find(&part->makers, end);
    int                      farthest = 0;

    for (int i = 0; i < part->inspection.layer_count; i++)
        part->distance[i] = -1;
    part->queued = part->edge_count = 0;
    if (maker)
        take_layer(part, maker->at, 0);
    for (int i = 0; i < part->queued; i++) {
        const struct onnx_layer *layer = &part->inspection.layers[part->queue[i]];
        farthest = part->distance[part->queue[i]];
        for (int k = 0; k < layer->input_count; k++)
            follow(part, layer->inputs[k], farthest + 1, reach);
    }
    return farthest;
}
