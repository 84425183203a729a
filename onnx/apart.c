#include "onnx/apart.h"

#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/passes/rewrite.h"

#include <stdio.h>
#include <string.h>

static bool is_own(const Onnx__NodeProto *node)
{
    const char *domain = text_or_empty(node->domain);
    return *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static bool reads(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; *name && i < node->n_input; i++)
        if (strcmp(node->input[i], name) == 0)
            return true;
    return false;
}

/* Whether what makes input `input` of `reader` is too near. */
static bool has_neighbour(const struct graph_index *index, const Onnx__NodeProto *reader, size_t input,
                          onnx_apart *apart)
{
    const Onnx__NodeProto *maker = index_producer(index, reader->input[input]);

    if (!maker || !is_own(maker) || !is_own(reader))
        return false;
    bool beside = reads(reader, node_input(maker, 0)) && index_use_count(index, reader->input[input]) == 1;
    return apart(text_or_empty(maker->op_type), text_or_empty(reader->op_type), beside);
}

/* Inserts at `place`, where the reader stands or further back. `number` is new for each: names that the index
 * does not know yet are told apart by it. */
static bsr_status part_from(Onnx__GraphProto *graph, const struct graph_index *index, size_t place,
                            Onnx__NodeProto *reader, size_t input, unsigned number, struct bsr_error *err)
{
    Onnx__NodeProto *between;
    char             suffix[24], *name = NULL;

    snprintf(suffix, sizeof suffix, "apart %u", number);
    bsr_status status = rewrite_new_name(&name, index, reader->input[input], suffix, err);
    if (status == BSR_OK)
        status = rewrite_insert_node(&between, graph, place, "Identity",
                                     (const char *const[]){reader->input[input]}, 1, name, err);
    if (status != BSR_OK) {
        mem_free(name);
        return status;
    }
    /* The index may point to this very text: it stays. */
    mem_free(between->input[0]);
    between->input[0] = reader->input[input];
    reader->input[input] = name;
    return BSR_OK;
}

bsr_status onnx_keep_apart(struct onnx_model *model, onnx_apart *apart, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;
    unsigned            number = 0;
    bsr_status          status = index_make(&index, graph, err);

    /* From the end: what is put in moves only nodes that are done, and the index holds for those before. */
    for (size_t n = status == BSR_OK ? graph->n_node : 0; n-- > 0;) {
        Onnx__NodeProto *reader = graph->node[n];
        for (size_t i = 0; status == BSR_OK && i < reader->n_input; i++)
            if (has_neighbour(index, reader, i, apart))
                status = part_from(graph, index, n, reader, i, number++, err);
    }
    index_free(index);
    return status;
}
