#include "engine/net.h"

#include "base/alloc.h"
#include "engine/direct.h"
#include "engine/fast/fast.h"
#include "engine/front.h"
#include "engine/memory.h"
#include "engine/opencv_dnn.h"
#include "engine/supports.h"
#include "onnx/apart.h"
#include "onnx/view.h"

#include <limits.h>
#include <string.h>

/* How often OpenCV may refuse nodes one by one before it gets none. */
enum { MOST_TRIES = 12 };

enum { NCHW = 4 };

/* Where a tensor comes from. */
enum source_kind { FROM_NOWHERE, FROM_INPUT, FROM_FRONT, FROM_TAIL };
struct source {
    enum source_kind kind;
    int              index;
    bool             first; /* the first reader of what the tail gives owns it */
};

struct net {
    int                 users;
    char               *name;
    struct fast_runner *runner; /* NULL: no fast regions */
    struct onnx_model  *model;  /* where besra's operators run all of it: the tail is the whole */
    struct onnx_split   split;
    struct net_region **regions;
    struct opencv_net  *opencv; /* NULL: nothing is for OpenCV */
    struct direct_net  *direct; /* the front, where that is one fast region */
    int               *heads; /* of each output the output of the only region; NULL: none may be kept there */
    struct net_ports   ports;
    struct front_print print;
    bool               any_size;
    struct evaluator  *tail;        /* NULL: nothing is behind OpenCV */
    int                input_count; /* of the model */
    struct source     *front_inputs, *tail_inputs, *outputs;
    int                tail_input_count, tail_output_count, output_count;
    struct net_blob   *blobs;   /* of the front: inputs, outputs */
    struct bsr_tensor *tensors; /* of the tail: inputs, outputs */
    void             **padded;  /* of the front's inputs, those that fill no whole number of words */
};

/* ---- releasing ------------------------------------------------------------------------------- */

static void free_names(char **names, int count)
{
    for (int i = 0; names && i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

/* All but what stays whatever becomes of it: so that another split may be tried. */
static void clear_parts(struct net *net)
{
    opencv_net_close(net->opencv);
    direct_close(net->direct);
    evaluator_close(net->tail);
    for (int i = 0; net->regions && i < net->split.region_count; i++)
        region_close(net->regions[i]);
    for (int i = 0; net->padded && i < net->ports.input_count; i++)
        mem_free(net->padded[i]);
    mem_free(net->padded);
    mem_free(net->heads);
    mem_free(net->regions);
    free_names(net->ports.inputs, net->ports.input_count);
    free_names(net->ports.outputs, net->ports.output_count);
    mem_free(net->front_inputs);
    mem_free(net->tail_inputs);
    mem_free(net->outputs);
    mem_free(net->blobs);
    mem_free(net->tensors);
    onnx_split_free(&net->split);
    *net = (struct net){.users = net->users, .name = net->name, .runner = net->runner, .model = net->model};
}

void net_hold(struct net *net)
{
    net->users++;
}

void net_drop(struct net *net)
{
    if (!net || --net->users > 0)
        return;
    clear_parts(net);
    onnx_model_free(net->model);
    mem_free(net->name);
    mem_free(net);
}

/* What a front without weights takes as an .onnx. */
enum { LIGHT_BYTES = 1 << 18 };

bool net_is_light(const struct net *net)
{
    return (net->opencv || net->direct) && !net->tail && net->print.size < LIGHT_BYTES &&
           net_fast_bytes(net) > 0;
}

size_t net_fast_bytes(const struct net *net)
{
    size_t most = 0;

    for (int i = 0; i < net->split.region_count && net->regions; i++) {
        const struct fast_program *program = region_program(net->regions[i]);
        size_t                     bytes = program ? fast_peak_bytes(program) : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

struct net_parts net_parts(const struct net *net)
{
    return (struct net_parts){.opencv = net->opencv,
                              .regions = net->regions,
                              .region_count = net->regions ? net->split.region_count : 0,
                              .runner = net->runner,
                              .tail = net->tail != NULL};
}

bool net_head(const struct net *net, int output, struct engine_head *out)
{
    return net->heads && fast_head(region_program(net->regions[0]), net->heads[output], out);
}

bsr_status net_head_rows(const struct net *net, int output, int group, const uint32_t *pixels, size_t count,
                         const float **rows, size_t *step, struct bsr_error *err)
{
    if (!net->heads)
        return bsr_fail(err, BSR_ERANGE, net->name, "output %d is no head", output);
    return fast_head_rows(region_program(net->regions[0]), net->runner, net->heads[output], group, pixels,
                          count, rows, step, err);
}

bool net_is_whole(const struct net *net)
{
    return !net->opencv && !net->direct;
}

const struct onnx_model *net_tail(const struct net *net)
{
    return net->split.tail ? net->split.tail : net->tail ? net->model : NULL;
}

/* ---- joining the parts ----------------------------------------------------------------------- */

static struct source find_source(const struct onnx_model *model, const struct onnx_model *front,
                                 const struct onnx_model *tail, const char *name)
{
    int index;

    if (tail && (index = onnx_find_output(tail, name)) >= 0)
        return (struct source){FROM_TAIL, index, true};
    if (front && (index = onnx_find_output(front, name)) >= 0)
        return (struct source){FROM_FRONT, index, true};
    index = onnx_find_input(model, name);
    return (struct source){index >= 0 ? FROM_INPUT : FROM_NOWHERE, index, true};
}

static bsr_status fail_parts(const struct net *net, const char *name, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EMODEL, net->name, "'%.128s' is read, but no node, input or weight is called so",
                    name);
}

static bsr_status allocate_joints(struct net *net, struct bsr_error *err)
{
    size_t blobs = (size_t)net->ports.input_count + (size_t)net->ports.output_count;
    size_t tensors = (size_t)net->tail_input_count + (size_t)net->tail_output_count;

    net->front_inputs = mem_alloc_zeroed((size_t)net->ports.input_count, sizeof *net->front_inputs);
    net->padded = mem_alloc_zeroed((size_t)net->ports.input_count, sizeof *net->padded);
    net->tail_inputs = mem_alloc_zeroed((size_t)net->tail_input_count, sizeof *net->tail_inputs);
    net->outputs = mem_alloc_zeroed((size_t)net->output_count, sizeof *net->outputs);
    net->blobs = mem_alloc_zeroed(blobs, sizeof *net->blobs);
    net->tensors = mem_alloc_zeroed(tensors, sizeof *net->tensors);
    if (net->front_inputs && net->padded && net->tail_inputs && net->outputs && net->blobs && net->tensors)
        return BSR_OK;
    return bsr_fail_memory(err, net->name, blobs * sizeof *net->blobs);
}

/* Who gives what to whom, by the names of the tensors. */
static bsr_status join(struct net *net, const struct onnx_model *model, struct bsr_error *err)
{
    const struct onnx_model *front = net->split.front, *tail = net->tail ? net_tail(net) : NULL;

    net->tail_input_count = tail ? onnx_input_count(tail) : 0;
    net->tail_output_count = tail ? onnx_output_count(tail) : 0;
    net->input_count = onnx_input_count(model);
    net->output_count = onnx_output_count(model);
    bsr_status status = allocate_joints(net, err);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < net->ports.input_count; i++) {
        net->front_inputs[i] = find_source(model, NULL, NULL, net->ports.inputs[i]);
        if (net->front_inputs[i].kind != FROM_INPUT)
            return fail_parts(net, net->ports.inputs[i], err);
    }
    for (int i = 0; i < net->tail_input_count; i++) {
        net->tail_inputs[i] = find_source(model, front, NULL, onnx_input(tail, i).name);
        if (net->tail_inputs[i].kind == FROM_NOWHERE)
            return fail_parts(net, onnx_input(tail, i).name, err);
    }
    for (int i = 0; i < net->output_count; i++) {
        net->outputs[i] = find_source(model, front, tail, onnx_output(model, i).name);
        if (net->outputs[i].kind == FROM_NOWHERE)
            return fail_parts(net, onnx_output(model, i).name, err);
        for (int other = 0; other < i; other++)
            if (net->outputs[other].kind == net->outputs[i].kind &&
                net->outputs[other].index == net->outputs[i].index)
                net->outputs[i].first = false;
    }
    return BSR_OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

static bsr_status copy_name(char **slot, const char *name, struct bsr_error *err)
{
    *slot = mem_copy_text(name);
    return *slot ? BSR_OK : bsr_fail_memory(err, NULL, strlen(name) + 1);
}

static bsr_status name_ports(struct net_ports *ports, const struct onnx_model *front, struct bsr_error *err)
{
    int        inputs = onnx_input_count(front), outputs = onnx_output_count(front);
    bsr_status status = BSR_OK;

    ports->inputs = mem_alloc_zeroed((size_t)inputs, sizeof *ports->inputs);
    ports->outputs = mem_alloc_zeroed((size_t)outputs, sizeof *ports->outputs);
    if (!ports->inputs || !ports->outputs)
        return bsr_fail_memory(err, NULL, ((size_t)inputs + (size_t)outputs) * sizeof *ports->inputs);
    for (; status == BSR_OK && ports->input_count < inputs; ports->input_count++)
        status =
            copy_name(&ports->inputs[ports->input_count], onnx_input(front, ports->input_count).name, err);
    for (; status == BSR_OK && ports->output_count < outputs; ports->output_count++)
        status = copy_name(&ports->outputs[ports->output_count], onnx_output(front, ports->output_count).name,
                           err);
    return status;
}

/* Outputs may stay where a fast region has them when nobody else reads them and nothing else runs there
 * afterwards: all outputs are those of the only region. */
static bsr_status find_heads(struct net *net, struct bsr_error *err)
{
    int                       outputs = onnx_output_count(net->model);
    const struct onnx_region *region = &net->split.regions[0];
    bool                      all = net->split.region_count == 1 && region->fast && !net->split.tail;

    net->heads = all ? mem_alloc_zeroed((size_t)outputs, sizeof *net->heads) : NULL;
    if (all && !net->heads)
        return bsr_fail_memory(err, net->name, (size_t)outputs * sizeof *net->heads);
    for (int i = 0; all && i < outputs; i++) {
        net->heads[i] = onnx_find_output(region->model, onnx_output(net->model, i).name);
        all = net->heads[i] >= 0;
    }
    if (all)
        return BSR_OK;
    mem_free(net->heads);
    net->heads = NULL;
    return BSR_OK;
}

/* The wishes for the outputs of the region, by its own order. */
static bsr_status sort_wishes(struct engine_wish **out, const struct net *net,
                              const struct engine_wish *wishes, struct bsr_error *err)
{
    size_t              count = (size_t)net->split.regions[0].output_count;
    struct engine_wish *sorted = mem_alloc_zeroed(count, sizeof *sorted);

    if (!sorted)
        return bsr_fail_memory(err, net->name, count * sizeof *sorted);
    for (int i = 0; i < onnx_output_count(net->model); i++)
        if (net->split.regions[0].outputs[net->heads[i]].dims == NCHW)
            sorted[net->heads[i]] = wishes[i];
    *out = sorted;
    return BSR_OK;
}

static bsr_status open_regions(struct net *net, const struct engine_wish *wishes, struct bsr_error *err)
{
    struct engine_wish *sorted = NULL;
    bsr_status          status = wishes ? find_heads(net, err) : BSR_OK;

    if (status == BSR_OK && wishes && net->heads)
        status = sort_wishes(&sorted, net, wishes, err);
    if (status != BSR_OK)
        return status;

    net->regions = mem_alloc_zeroed((size_t)net->split.region_count, sizeof(void *));
    if (!net->regions)
        status = bsr_fail_memory(err, net->name, (size_t)net->split.region_count * sizeof(void *));
    for (int i = 0; status == BSR_OK && i < net->split.region_count; i++)
        status = region_open(&net->regions[i], &net->split.regions[i], net->runner, sorted, net->name, err);
    mem_free(sorted);
    return status;
}

static struct net *find_twin(const struct net *net, const struct net_request *request)
{
    for (int i = 0; net->any_size && i < request->other_count; i++) {
        struct net *other = request->others[i];
        if (other->any_size && other->print.hash == net->print.hash && other->print.size == net->print.size)
            return other;
    }
    return NULL;
}

/* *complaint is of the node that OpenCV does not take. */
static bsr_status open_front(struct net *net, struct net **twin, const struct net_request *request,
                             struct complaint *complaint, struct bsr_error *err)
{
    struct bytes onnx = {0};
    bsr_status   status = front_write(net->split.front, &onnx, err);

    if (status == BSR_OK) {
        net->print = front_fingerprint(&onnx);
        net->any_size = !request->refusals->sized && !net->split.region_count && !net->split.tail;
        *twin = find_twin(net, request);
    }
    if (status == BSR_OK && !*twin) {
        struct net_source source = {.onnx = onnx.data,
                                    .size = onnx.size,
                                    .ports = &net->ports,
                                    .regions = net->regions,
                                    .region_count = net->split.region_count,
                                    .backend = request->backend,
                                    .name = net->name};
        status = opencv_net_open(&net->opencv, &source, complaint, err);
    }
    bytes_free(&onnx);
    return status;
}

static bsr_status note_nodes(const struct onnx_region *region, int number, struct refusals *refusals,
                             struct bsr_error *err)
{
    struct onnx_view *view = NULL;
    bsr_status        status = onnx_view_make(&view, region->model, err);

    for (int n = 0; status == BSR_OK && n < view->node_count; n++) {
        const struct onnx_node_view *node = &view->nodes[n].view;
        status = region->fast ? refusals_note_fast(refusals, &node->node, number, err)
                              : refusals_note_own(refusals, node, err);
    }
    onnx_view_free(view);
    return status == BSR_EMODEL && !region->fast ? BSR_OK : status; /* whoever runs it will say so */
}

/* Says which nodes run in regions. The graphs of fast ones are needed no longer. */
static bsr_status note_all_nodes(struct net *net, struct refusals *refusals, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int r = 0; status == BSR_OK && r < net->split.region_count; r++) {
        struct onnx_region *region = &net->split.regions[r];
        status = note_nodes(region, r, refusals, err);
        if (!region->fast)
            continue;
        onnx_model_free(region->model);
        region->model = NULL;
    }
    return status;
}

/* An onnx_supports for who wants the same bits wherever a pixel lies: OpenCV's loops end with others than
 * they begin with. */
static const char *refuse(void *context, const struct onnx_node_view *node)
{
    (void)context;
    (void)node;
    return "the last bits of what OpenCV makes of a pixel depend on where it lies";
}

/* One way to split the graph. */
static bsr_status try_split(struct net *net, struct net **twin, const struct net_request *request,
                            struct complaint *complaint, struct bsr_error *err)
{
    struct refusals *refusals = request->refusals;

    *complaint = (struct complaint){.node = ""};
    refusals_restart(refusals);
    bool               steady = net->runner && fast_runner_way(net->runner).steady;
    struct onnx_takers takers = {.engine = steady ? refuse : refusals_ask,
                                 .fast = net->runner ? fast_supports : NULL,
                                 .worth = fast_worth,
                                 .context = refusals};
    bsr_status         status = onnx_split_make(&net->split, net->model, &takers, err);
    if (status == BSR_OK && refusals->status != BSR_OK)
        return bsr_fail(err, refusals->status, net->name, "%s", refusals->error.message);
    if (status == BSR_OK && net->split.tail)
        status = evaluator_open(&net->tail, net->split.tail, err);
    if (status == BSR_OK && net->split.front)
        status = onnx_keep_apart(net->split.front, supports_apart, err);
    if (status != BSR_OK || !net->split.front)
        return status == BSR_OK ? join(net, net->model, err) : status;
    status = name_ports(&net->ports, net->split.front, err);
    if (status == BSR_OK)
        status = open_regions(net, request->wishes, err);
    if (status == BSR_OK && net->split.region_count == 1 && !net->split.tail)
        status = direct_open(&net->direct, net->regions[0], &net->split.regions[0], &net->ports, err);
    if (status == BSR_OK)
        status = note_all_nodes(net, refusals, err);
    if (status == BSR_OK)
        status = join(net, net->model, err);
    if (net->direct)
        return status;
    return status == BSR_OK ? open_front(net, twin, request, complaint, err) : status;
}

/* All of it by besra's operators. */
static bsr_status open_whole(struct net *net, struct bsr_error *err)
{
    clear_parts(net);
    bsr_status status = evaluator_open(&net->tail, net->model, err);
    return status == BSR_OK ? join(net, net->model, err) : status;
}

/* Splits until OpenCV takes its part. What it refuses without a name, or again and again, is besra's. */
static bsr_status make_parts(struct net *net, struct net **twin, const struct net_request *request,
                             struct bsr_error *err)
{
    struct complaint complaint;
    bsr_status       status = BSR_OK;
    struct bsr_error refused = {0}, why = {0};
    bool             fits = false;

    if (!request->besra)
        status = memory_fits_opencv(&fits, net->model, request->values, err);
    if (status != BSR_OK)
        return status;
    if (!fits)
        return open_whole(net, err);
    for (int n = 0; n < MOST_TRIES; n++) {
        clear_parts(net);
        status = try_split(net, twin, request, &complaint, &why);
        if (status == BSR_OK)
            return BSR_OK;
        if (n == 0 || *refused.message == '\0')
            refused = why;
        if (status == BSR_EMODEL && !*complaint.node && net->runner) {
            net->runner = NULL; /* too large for it */
            continue;
        }
        bool model = status == BSR_EMODEL || status == BSR_EENGINE;
        if (!model || !*complaint.node ||
            !refusals_add(request->refusals, complaint.node, complaint.op, complaint.reason))
            break;
    }
    if (status == BSR_EMODEL || status == BSR_EENGINE) {
        refusals_restart(request->refusals);
        status = open_whole(net, &why);
        if (status == BSR_OK)
            return BSR_OK;
        if (status == BSR_EMODEL) {
            why = refused;
            status = refused.code;
        }
    }
    if (err)
        *err = why;
    return status;
}

/* What the front gives: as inferred, or else as it declares. */
static bsr_status note_types(struct bsr_tensor **types, const struct net *net,
                             const struct onnx_values *values, struct bsr_error *err)
{
    int                count = net->ports.output_count;
    struct bsr_tensor *noted = mem_alloc_zeroed((size_t)count, sizeof *noted);

    if (!noted)
        return bsr_fail_memory(err, net->name, (size_t)count * sizeof *noted);
    for (int i = 0; i < count; i++) {
        const struct bsr_tensor *known = onnx_values_find(values, net->ports.outputs[i]);
        if (!known) {
            mem_free(noted);
            return bsr_fail(err, BSR_EENGINE, net->name, "nothing is known of '%.128s'",
                            net->ports.outputs[i]);
        }
        noted[i] = *known;
        noted[i].data = NULL;
    }
    *types = noted;
    return BSR_OK;
}

/* OpenCV has its own copy of the weights. */
static void free_models(struct net *net)
{
    if (net_is_whole(net))
        return;
    onnx_model_free(net->split.front);
    net->split.front = NULL;
    onnx_model_free(net->model);
    net->model = NULL;
}

bsr_status net_make(struct net **out, struct bsr_tensor **types, const struct net_request *request,
                    struct bsr_error *err)
{
    struct net *net = mem_alloc_zeroed(1, sizeof *net), *twin = NULL;
    if (!net) {
        onnx_model_free(request->model);
        return bsr_fail_memory(err, request->name, sizeof *net);
    }
    net->users = 1;
    net->model = request->model;
    net->runner = request->runner;
    bsr_status status = copy_name(&net->name, request->name, err);
    if (status == BSR_OK)
        status = make_parts(net, &twin, request, err);
    if (status == BSR_OK)
        status = note_types(types, net, request->values, err);
    if (status != BSR_OK || twin)
        net_drop(net);
    else
        free_models(net);
    if (status != BSR_OK)
        return status;
    if (twin)
        net_hold(twin);
    *out = twin ? twin : net;
    return BSR_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

/* The words of an input: its own data, unless a last word must be padded. */
static bsr_status give_input(struct net *net, int index, const struct bsr_tensor *input,
                             struct bsr_error *err)
{
    struct net_blob *blob = &net->blobs[index];
    size_t           bytes = tensor_bytes(input), words = region_words(bytes);

    if (words > INT_MAX)
        return bsr_fail(err, BSR_EENGINE, net->name, "an input of %s is too large",
                        tensor_shape_text(input).text);
    blob->dims = 0;
    if (input->type == BSR_F32)
        for (int i = 0; i < input->dims; i++)
            blob->sides[blob->dims++] = (int)input->shape[i];
    if (!blob->dims)
        blob->sides[blob->dims++] = (int)words;
    blob->data = input->data;
    if (bytes == words * 4)
        return BSR_OK;
    mem_free(net->padded[index]);
    net->padded[index] = mem_alloc_zeroed(words, 4);
    if (!net->padded[index])
        return bsr_fail_memory(err, net->name, words * 4);
    memcpy(net->padded[index], input->data, bytes);
    blob->data = net->padded[index];
    return BSR_OK;
}

/* OpenCV may have other ideas of shapes: the numbers must be as many, the shape is the inferred one. */
static bsr_status check_blobs(const struct net *net, const struct bsr_tensor *types, struct bsr_error *err)
{
    for (int i = 0; i < net->ports.output_count; i++) {
        const struct net_blob *blob = &net->blobs[net->ports.input_count + i];
        size_t                 words = 1;
        for (int d = 0; d < blob->dims; d++)
            words *= (size_t)blob->sides[d];
        if (words != region_words(tensor_bytes(&types[i])))
            return bsr_fail(err, BSR_EENGINE, net->name, "OpenCV gave '%.128s' %zu numbers, not those of %s",
                            net->ports.outputs[i], words, tensor_shape_text(&types[i]).text);
    }
    return BSR_OK;
}

static bsr_status run_front(struct net *net, const struct bsr_tensor *types, const struct bsr_tensor *inputs,
                            bool *refused, struct complaint *complaint, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < net->ports.input_count; i++)
        status = give_input(net, i, &inputs[net->front_inputs[i].index], err);
    if (status == BSR_OK && net->direct)
        return direct_run(net->direct, net->blobs, net->blobs + net->ports.input_count, err);
    if (status == BSR_OK)
        status = opencv_net_run(net->opencv, net->blobs, net->blobs + net->ports.input_count, refused,
                                complaint, err);
    if (status == BSR_OK) {
        status = check_blobs(net, types, err);
        *refused = status != BSR_OK;
    }
    return status;
}

static struct bsr_tensor take(const struct net *net, struct source source, const struct bsr_tensor *types,
                              const struct bsr_tensor *inputs)
{
    struct bsr_tensor tensor;

    switch (source.kind) {
    case FROM_FRONT:
        tensor = types[source.index];
        tensor.data = net->blobs[net->ports.input_count + source.index].data;
        return tensor;
    case FROM_TAIL:
        return net->tensors[net->tail_input_count + source.index];
    default:
        return inputs[source.index];
    }
}

/* Results of the tail that no output of the model is. */
static void free_unread(struct net *net)
{
    for (int k = 0; k < net->tail_output_count; k++) {
        bool read = false;
        for (int i = 0; i < net->output_count; i++)
            read = read || (net->outputs[i].kind == FROM_TAIL && net->outputs[i].index == k);
        if (!read)
            tensor_free(&net->tensors[net->tail_input_count + k]);
    }
}

static bsr_status run_tail(struct net *net, const struct bsr_tensor *types, const struct bsr_tensor *inputs,
                           struct bsr_error *err)
{
    for (int i = 0; i < net->tail_input_count; i++)
        net->tensors[i] = take(net, net->tail_inputs[i], types, inputs);
    bsr_status status =
        evaluator_run(net->tail, net->tensors, net->tensors + net->tail_input_count, NULL, NULL, err);
    if (status == BSR_OK)
        free_unread(net);
    return status;
}

bsr_status net_run(struct net *net, const struct bsr_tensor *types, const struct bsr_tensor *inputs,
                   struct net_output *outputs, bool *refused, struct complaint *complaint,
                   struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    *refused = false;
    if (!net_is_whole(net))
        status = run_front(net, types, inputs, refused, complaint, err);
    if (status == BSR_OK && net->tail)
        status = run_tail(net, types, inputs, err);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < net->output_count; i++) {
        outputs[i].tensor = take(net, net->outputs[i], types, inputs);
        outputs[i].owned = net->outputs[i].kind == FROM_TAIL && net->outputs[i].first;
    }
    for (int i = 0; i < net->output_count && status == BSR_OK; i++)
        if (net->outputs[i].kind == FROM_INPUT) { /* the caller's, so far */
            status = tensor_copy(&outputs[i].tensor, &outputs[i].tensor, err);
            outputs[i].owned = status == BSR_OK;
        }
    return status;
}
