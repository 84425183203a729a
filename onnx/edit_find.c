#include "onnx/edit_find.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/messages.h"

#include <string.h>

static void offer_nodes(struct nearest *nearest, const Onnx__GraphProto *graph, bool names)
{
    for (size_t i = 0; i < graph->n_node; i++) {
        if (names)
            nearest_offer(nearest, text_or_empty(graph->node[i]->name));
        for (size_t o = 0; o < graph->node[i]->n_output; o++)
            nearest_offer(nearest, graph->node[i]->output[o]);
    }
}

static bsr_status fail_unknown(const struct onnx_model *model, const char *what,
                               const struct nearest *nearest, struct bsr_error *err)
{
    if (nearest->best && *nearest->best)
        return bsr_fail(err, BSR_EUSAGE, model->name, "there is no %s '%s'; did you mean '%s'?", what,
                        shown_name(nearest->word).text, shown_name(nearest->best).text);
    return bsr_fail(err, BSR_EUSAGE, model->name, "there is no %s '%s'", what,
                    shown_name(nearest->word).text);
}

bsr_status edit_find_node(size_t *position, const struct onnx_model *model, const char *name,
                          struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    for (size_t i = 0; *name && i < graph->n_node; i++)
        if (strcmp(text_or_empty(graph->node[i]->name), name) == 0) {
            *position = i;
            return BSR_OK;
        }
    for (size_t i = 0; *name && i < graph->n_node; i++)
        for (size_t o = 0; o < graph->node[i]->n_output; o++)
            if (strcmp(graph->node[i]->output[o], name) == 0) {
                *position = i;
                return BSR_OK;
            }
    struct nearest nearest = nearest_start(name);
    offer_nodes(&nearest, graph, true);
    return fail_unknown(model, "node", &nearest, err);
}

bsr_status edit_find_input(Onnx__ValueInfoProto **input, const struct onnx_model *model, const char *name,
                           struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);

    for (int i = 0; i < model->input_count; i++) {
        const char *own = text_or_empty(model->inputs[i]->name);
        if (strcmp(own, name) == 0) {
            *input = model->inputs[i];
            return BSR_OK;
        }
        nearest_offer(&nearest, own);
    }
    if (!nearest.best && model->input_count == 1)
        nearest.best = text_or_empty(model->inputs[0]->name);
    return fail_unknown(model, "input", &nearest, err);
}

bsr_status edit_fail_unknown(const struct onnx_model *model, const char *name, bool or_node,
                             struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    struct nearest          nearest = nearest_start(name);

    offer_nodes(&nearest, graph, or_node);
    for (size_t i = 0; i < graph->n_input; i++)
        nearest_offer(&nearest, text_or_empty(graph->input[i]->name));
    for (size_t i = 0; i < graph->n_initializer; i++)
        nearest_offer(&nearest, text_or_empty(graph->initializer[i]->name));
    return fail_unknown(model, or_node ? "tensor or node" : "tensor", &nearest, err);
}

bool edit_is_source(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_input; i++)
        if (strcmp(text_or_empty(graph->input[i]->name), name) == 0)
            return true;
    return graph_find_initializer(graph, name) != NULL;
}

static bool is_defined(const Onnx__GraphProto *graph, const char *name)
{
    return edit_is_source(graph, name) || graph_find_producer(graph, name) ||
           edit_defined_inside(graph, name);
}

/* Recursion is bounded: wire_check() has limited the levels. */
bool edit_defined_inside(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t a = 0; a < graph->node[n]->n_attribute; a++) {
            const Onnx__AttributeProto *attribute = graph->node[n]->attribute[a];
            if (attribute->g && is_defined(attribute->g, name))
                return true;
            for (size_t g = 0; g < attribute->n_graphs; g++)
                if (is_defined(attribute->graphs[g], name))
                    return true;
        }
    return false;
}

bsr_status edit_set_slots(char ***slots, size_t count, const char *text, struct bsr_error *err)
{
    char **copies = mem_alloc_zeroed(count ? count : 1, sizeof *copies);
    size_t made = 0;

    for (; copies && made < count; made++)
        if (!(copies[made] = mem_copy_text(text)))
            break;
    bool failed = !copies || made < count;
    for (size_t i = 0; i < made; i++) {
        if (failed) {
            mem_free(copies[i]);
        } else {
            mem_free(*slots[i]);
            *slots[i] = copies[i];
        }
    }
    mem_free(copies);
    return failed ? bsr_fail_memory(err, NULL, count * (strlen(text) + 1)) : BSR_OK;
}

bsr_status edit_set_uses(const struct graph_index *index, const struct index_entry *entry, bool outputs,
                         const char *text, struct bsr_error *err)
{
    char ***slots = mem_alloc_zeroed(entry->use_count + 1, sizeof *slots);
    size_t  count = 0;
    if (!slots)
        return bsr_fail_memory(err, NULL, entry->use_count * sizeof *slots);
    for (size_t i = 0; i < entry->use_count; i++)
        if (outputs || entry->uses[i].node < index->graph->n_node)
            slots[count++] = entry->uses[i].slot;
    bsr_status status = edit_set_slots(slots, count, text, err);
    mem_free(slots);
    return status;
}

void edit_remove_value_info(Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = graph->n_value_info; i-- > 0;)
        if (strcmp(text_or_empty(graph->value_info[i]->name), name) == 0)
            message_remove(&graph->value_info, &graph->n_value_info, i);
}
