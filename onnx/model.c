#include "base/alloc.h"
#include "onnx/graph.h"
#include "onnx/sniff.h"
#include "onnx/wire.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(void *unused, size_t size)
{
    (void)unused;
    return mem_alloc(size);
}

static void release(void *unused, void *block)
{
    (void)unused;
    mem_free(block);
}

ProtobufCAllocator onnx_allocator = {.alloc = allocate, .free = release, .allocator_data = NULL};

/* An allocator that remembers whether it ever failed: protobuf-c gives NULL for both reasons. */
struct watch {
    bool failed;
};

static void *allocate_watched(void *context, size_t size)
{
    struct watch *watch = context;
    void         *block = mem_alloc(size);
    watch->failed |= !block;
    return block;
}

/* Puts what the bytes look like before what was found wrong with them. */
static bsr_status explain_failure(bsr_status status, const uint8_t *data, size_t size, struct bsr_error *err)
{
    const struct looks_like *looks = status == BSR_EMODEL ? sniff(data, size) : NULL;

    if (!looks)
        return status;
    bsr_fail(err, BSR_EMODEL, NULL, "no ONNX model: this is %s", looks->what);
    if (looks->hint)
        bsr_hint(err, "%s", looks->hint);
    return status;
}

static bsr_status parse(struct onnx_model *model, const uint8_t *data, size_t size, struct bsr_error *err)
{
    if (size > ONNX_MAX_BYTES)
        return bsr_fail(err, BSR_EMODEL, NULL, "over 2 GiB: protobuf holds no more (%zu bytes)", size);

    bsr_status status = wire_check(&onnx__model_proto__descriptor, data, size, err);
    if (status != BSR_OK)
        return status;

    struct watch       watch = {false};
    ProtobufCAllocator allocator = {allocate_watched, release, &watch};
    model->proto = onnx__model_proto__unpack(&allocator, size, data);
    if (watch.failed)
        return bsr_fail_memory(err, NULL, size);
    if (!model->proto)
        return bsr_fail(err, BSR_EMODEL, NULL, "no ONNX model: a field has another type than ONNX gives it");
    if (!model->proto->graph || (!model->proto->graph->n_node && !model->proto->graph->n_output))
        return bsr_fail(err, BSR_EMODEL, NULL, "no ONNX model: there is no graph in it, or an empty one");
    return BSR_OK;
}

static bsr_status fill(struct onnx_model *model, const uint8_t *data, size_t size, const char *folder,
                       struct bsr_error *err)
{
    bsr_status status = parse(model, data, size, err);
    if (status != BSR_OK)
        return explain_failure(status, data, size, err);

    status = model_load_external(model, folder, err);
    if (status == BSR_OK)
        status = model_check(model, err);
    if (status == BSR_OK)
        status = model_index_inputs(model, err);
    return status;
}

bsr_status onnx_model_read(struct onnx_model **out, const uint8_t *data, size_t size, const char *folder,
                           const char *name, struct bsr_error *err)
{
    struct onnx_model *model = mem_alloc_zeroed(1, sizeof *model);
    if (!model)
        return bsr_fail_memory(err, name, sizeof *model);

    bsr_status status = BSR_OK;
    model->name = mem_copy_text(text_or_empty(name));
    if (!model->name)
        status = bsr_fail_memory(err, name, strlen(text_or_empty(name)) + 1);
    if (status == BSR_OK)
        status = fill(model, data, size, folder, err);
    if (status != BSR_OK) {
        bsr_error_set_subject(err, text_or_empty(name));
        onnx_model_free(model);
        return status;
    }
    *out = model;
    return BSR_OK;
}

void onnx_model_free(struct onnx_model *model)
{
    if (!model)
        return;
    if (model->proto)
        onnx__model_proto__free_unpacked(model->proto, &onnx_allocator);
    mem_free(model->inputs);
    mem_free(model->name);
    mem_free(model);
}

bsr_status onnx_model_write(const struct onnx_model *model, struct bytes *out, struct bsr_error *err)
{
    size_t size = onnx__model_proto__get_packed_size(model->proto);

    if (size > ONNX_MAX_BYTES)
        return bsr_fail(err, BSR_EMODEL, model->name, "over 2 GiB with its external data (%zu bytes)", size);
    if (!bytes_reserve(out, size))
        return bsr_fail_memory(err, model->name, size);
    out->size += onnx__model_proto__pack(model->proto, out->data + out->size);
    return BSR_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all initializers, sorted. Old exporters (IR version 3) list each of them as an input too. */
static const char **sorted_initializers(const Onnx__GraphProto *graph)
{
    const char **names = mem_alloc_zeroed(graph->n_initializer, sizeof *names);

    for (size_t i = 0; names && i < graph->n_initializer; i++)
        names[i] = text_or_empty(graph->initializer[i]->name);
    if (names)
        qsort(names, graph->n_initializer, sizeof *names, compare_names);
    return names;
}

bsr_status model_index_inputs(struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    const char            **names = sorted_initializers(graph);
    Onnx__ValueInfoProto  **inputs = mem_alloc_zeroed(graph->n_input, sizeof(void *));
    int                     count = 0;

    if (!names || !inputs) {
        mem_free(names);
        mem_free(inputs);
        return bsr_fail_memory(err, model->name, (graph->n_input + graph->n_initializer) * sizeof(void *));
    }
    for (size_t i = 0; i < graph->n_input; i++) {
        const char *name = text_or_empty(graph->input[i]->name);
        if (!bsearch(&name, names, graph->n_initializer, sizeof *names, compare_names))
            inputs[count++] = graph->input[i];
    }
    mem_free(names);
    mem_free(model->inputs);
    model->inputs = inputs;
    model->input_count = count;
    if (count > ONNX_MAX_VALUES || graph->n_output > ONNX_MAX_VALUES)
        return bsr_fail(err, BSR_EMODEL, model->name, "%d inputs and %zu outputs, the limit is %d each",
                        count, graph->n_output, ONNX_MAX_VALUES);
    return BSR_OK;
}

void model_remove_input(struct onnx_model *model, const char *name)
{
    Onnx__GraphProto *graph = model->proto->graph;
    size_t            at = 0;
    int               kept = 0;

    while (at < graph->n_input && strcmp(text_or_empty(graph->input[at]->name), name) != 0)
        at++;
    if (at == graph->n_input)
        return;
    for (int i = 0; i < model->input_count; i++)
        if (model->inputs[i] != graph->input[at])
            model->inputs[kept++] = model->inputs[i];
    model->input_count = kept;
    graph_remove_input_at(graph, at);
}
