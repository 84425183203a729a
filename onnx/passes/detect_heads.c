/* Finds where a Detect tail begins: at the last convolutions before the outputs. */
#include "onnx/passes/detect.h"

#include "base/alloc.h"
#include "onnx/index.h"

#include <stdlib.h>
#include <string.h>

enum { NCHW = 4, CHANNELS = 1, HEIGHT = 2, WIDTH = 3, MAX_STEPS_BEHIND_CONV = 8 };

struct walk {
    const struct onnx_values *values;
    struct graph_index       *index;
    bool                     *seen;    /* by node */
    size_t                   *pending; /* nodes whose inputs are to be looked at */
    size_t                    pending_count;
    struct detect_heads      *heads;
    bool                      too_many;
};

static bsr_status open_walk(struct walk *walk, const Onnx__GraphProto *graph, struct bsr_error *err)
{
    bsr_status status = index_make(&walk->index, graph, err);

    if (status != BSR_OK)
        return status;
    walk->seen = mem_alloc_zeroed(graph->n_node, sizeof *walk->seen);
    walk->pending = mem_alloc_zeroed(graph->n_node, sizeof *walk->pending);
    if (!walk->seen || !walk->pending)
        return bsr_fail_memory(err, NULL, graph->n_node * sizeof *walk->pending);
    return BSR_OK;
}

static void close_walk(struct walk *walk)
{
    index_free(walk->index);
    mem_free(walk->seen);
    mem_free(walk->pending);
}

static bool is_constant(const struct walk *walk, const char *name)
{
    const struct bsr_tensor *known = onnx_values_find(walk->values, name);
    return known && known->data;
}

/* Operators that a head's logits may pass behind the convolution and still be one: ImplicitM's product, a
 * bias of its own, the rounding of a quantised model. Whether they belong to the head or to the tail is seen
 * when the tail is run. */
static bool may_follow_conv(const Onnx__NodeProto *node)
{
    static const char *const types[] = {
        "Mul", "Add", "Cast", "Identity", "QuantizeLinear", "DequantizeLinear"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (node_is(node, types[i]))
            return true;
    return false;
}

/* The convolution that a tensor comes from, over such operators only; NULL when there is none. */
static const Onnx__NodeProto *find_conv(const struct walk *walk, const Onnx__NodeProto *node)
{
    for (int step = 0; node && step < MAX_STEPS_BEHIND_CONV; step++) {
        const char *variable = NULL;
        if (node_is(node, "Conv"))
            return node;
        if (!may_follow_conv(node))
            return NULL;
        for (size_t i = 0; i < node->n_input; i++) {
            if (!*node->input[i] || is_constant(walk, node->input[i]))
                continue;
            if (variable)
                return NULL;
            variable = node->input[i];
        }
        node = variable ? index_producer(walk->index, variable) : NULL;
    }
    return NULL;
}

/* Only what may stand between a softmax and the mean over it. */
static bool comes_from_softmax(const struct walk *walk, const Onnx__NodeProto *node)
{
    for (int step = 0; node && step < MAX_STEPS_BEHIND_CONV; step++) {
        if (node_is(node, "Softmax"))
            return true;
        if (!node_is(node, "Transpose") && !node_is(node, "Cast") && !node_is(node, "QuantizeLinear") &&
            !node_is(node, "DequantizeLinear"))
            return false;
        node = node->n_input ? index_producer(walk->index, node->input[0]) : NULL;
    }
    return false;
}

bool detect_is_mean(const struct onnx_values *values, const Onnx__NodeProto *node)
{
    if (!node_is(node, "Conv") || node->n_input < 2)
        return false;
    const struct bsr_tensor *weights = onnx_values_find(values, node->input[1]);
    return weights && weights->dims == NCHW && weights->shape[0] == 1 && weights->shape[HEIGHT] == 1 &&
           weights->shape[WIDTH] == 1 && weights->shape[CHANNELS] <= DETECT_MAX_BINS;
}

/* The convolution where a head ends, which a tensor comes from; NULL: it is of the tail. */
static const Onnx__NodeProto *find_end(const struct walk *walk, const Onnx__NodeProto *node)
{
    const Onnx__NodeProto *conv = find_conv(walk, node);

    if (conv && detect_is_mean(walk->values, conv) &&
        comes_from_softmax(walk, index_producer(walk->index, conv->input[0])))
        return NULL;
    return conv;
}

static void add_head(struct walk *walk, const char *name)
{
    struct detect_heads     *heads = walk->heads;
    const struct bsr_tensor *known = onnx_values_find(walk->values, name);

    if (heads->count == DETECT_MAX_MAPS || !known || known->dims != NCHW || known->shape[0] != 1) {
        walk->too_many = true;
        return;
    }
    heads->items[heads->count++] = (struct detect_head){
        .name = name,
        .type = known->type,
        .channels = known->shape[CHANNELS],
        .height = known->shape[HEIGHT],
        .width = known->shape[WIDTH],
    };
}

static void visit(struct walk *walk, const char *name)
{
    const struct index_entry *entry = index_find(walk->index, name);

    if (!entry || entry->node == SIZE_MAX || walk->seen[entry->node])
        return;
    walk->seen[entry->node] = true;
    if (find_end(walk, walk->index->graph->node[entry->node]))
        add_head(walk, entry->name);
    else
        walk->pending[walk->pending_count++] = entry->node;
}

static int compare_heads(const void *a, const void *b)
{
    const struct detect_head *one = a, *other = b;
    return (one->height < other->height) - (one->height > other->height);
}

/* Heads, or pairs of them, have sizes of their own: a tensor that comes before another one (a Shape reads the
 * convolution before ImplicitM's product, say) has the same, and is a reason to leave the model alone. */
static bool are_heads(struct detect_heads *heads)
{
    heads->paired = heads->count > 1 && heads->items[0].height == heads->items[1].height;
    int each = heads->paired ? 2 : 1;

    for (int i = 0; i < heads->count; i++) {
        const struct detect_head *head = &heads->items[i];
        if (head->channels < 1 || head->height < 1 || head->width < 1)
            return false;
        if (i && (head->height == head[-1].height) != (i % each != 0))
            return false;
        if (i % each && head->width != head[-1].width)
            return false;
    }
    return heads->count > 0 && heads->count % each == 0 && heads->count / each <= ONNX_MAX_HEADS;
}

bsr_status detect_find_heads(const struct onnx_model *model, const struct onnx_values *values,
                             struct detect_heads *out, bool *found, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    struct detect_heads     heads = {.count = 0};
    struct walk             walk = {.values = values, .heads = &heads};
    bsr_status              status = open_walk(&walk, graph, err);

    if (status == BSR_OK) {
        for (size_t i = 0; i < graph->n_output; i++)
            visit(&walk, text_or_empty(graph->output[i]->name));
        while (walk.pending_count && !walk.too_many) {
            const Onnx__NodeProto *node = graph->node[walk.pending[--walk.pending_count]];
            for (size_t i = 0; i < node->n_input; i++)
                visit(&walk, node->input[i]);
        }
        qsort(heads.items, (size_t)heads.count, sizeof *heads.items, compare_heads);
        *found = !walk.too_many && are_heads(&heads);
        *out = heads;
    }
    close_walk(&walk);
    return status;
}
