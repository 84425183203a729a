#include "engine/direct.h"

#include "base/alloc.h"
#include "engine/fast/fast.h"
#include "onnx/model.h"

#include <string.h>

/* An input or an output of the region. */
struct end {
    int    port;
    void  *data; /* of an output, the net's; NULL: it stays in the region, or another port has it, too */
    size_t words;
};

struct direct_net {
    const struct net_region *region;
    struct end              *inputs, *outputs; /* in the region's order */
    int                      input_count, output_count;
    int                     *of_port; /* of each of the ports' outputs, the region's */
    int                      port_count;
    struct region_block     *blocks; /* of a run: inputs, outputs */
};

static int find_name(char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* Whether all that the region reads is an input of the net, and all that the net gives comes from it. */
static bool covers(const struct onnx_region *described, const struct net_ports *ports)
{
    for (int i = 0; i < described->input_count; i++)
        if (find_name(ports->inputs, ports->input_count, onnx_input(described->model, i).name) < 0)
            return false;
    for (int i = 0; i < ports->output_count; i++)
        if (onnx_find_output(described->model, ports->outputs[i]) < 0)
            return false;
    return true;
}

static bool allocate(struct direct_net *net)
{
    net->inputs = mem_alloc_zeroed((size_t)net->input_count, sizeof *net->inputs);
    net->outputs = mem_alloc_zeroed((size_t)net->output_count, sizeof *net->outputs);
    net->of_port = mem_alloc_zeroed((size_t)net->port_count, sizeof *net->of_port);
    net->blocks = mem_alloc_zeroed((size_t)net->input_count + (size_t)net->output_count, sizeof *net->blocks);
    return net->inputs && net->outputs && net->of_port && net->blocks;
}

/* Memory for what comes out as planes. */
static bool make_outputs(struct direct_net *net, const struct onnx_region *described)
{
    for (int i = 0; i < net->output_count; i++) {
        struct end        *end = &net->outputs[i];
        struct engine_head head;
        end->words = region_words(tensor_bytes(&described->outputs[i]));
        if (fast_head(region_program(net->region), i, &head))
            continue;
        end->data = mem_alloc_aligned(end->words, sizeof(float));
        if (!end->data)
            return false;
    }
    return true;
}

bsr_status direct_open(struct direct_net **out, const struct net_region *region,
                       const struct onnx_region *described, const struct net_ports *ports,
                       struct bsr_error *err)
{
    if (!region_program(region) || !covers(described, ports))
        return BSR_OK;
    struct direct_net *net = mem_alloc_zeroed(1, sizeof *net);
    if (!net)
        return bsr_fail_memory(err, NULL, sizeof *net);
    net->region = region;
    net->input_count = described->input_count;
    net->output_count = described->output_count;
    net->port_count = ports->output_count;
    if (!allocate(net) || !make_outputs(net, described)) {
        direct_close(net);
        return bsr_fail_memory(err, "outputs of a net", sizeof *net);
    }
    for (int i = 0; i < net->input_count; i++) {
        net->inputs[i].port =
            find_name(ports->inputs, ports->input_count, onnx_input(described->model, i).name);
        net->inputs[i].words = region_words(tensor_bytes(&described->inputs[i]));
    }
    for (int i = 0; i < net->port_count; i++)
        net->of_port[i] = onnx_find_output(described->model, ports->outputs[i]);
    *out = net;
    return BSR_OK;
}

void direct_close(struct direct_net *net)
{
    if (!net)
        return;
    for (int i = 0; i < net->output_count && net->outputs; i++)
        mem_free(net->outputs[i].data);
    mem_free(net->inputs);
    mem_free(net->outputs);
    mem_free(net->of_port);
    mem_free(net->blocks);
    mem_free(net);
}

bsr_status direct_run(const struct direct_net *net, const struct net_blob *inputs, struct net_blob *outputs,
                      struct bsr_error *err)
{
    struct region_block *ins = net->blocks, *outs = net->blocks + net->input_count;

    for (int i = 0; i < net->input_count; i++)
        ins[i] = (struct region_block){inputs[net->inputs[i].port].data, net->inputs[i].words};
    for (int i = 0; i < net->output_count; i++)
        outs[i] = (struct region_block){net->outputs[i].data, net->outputs[i].words};
    bsr_status status = region_run(net->region, ins, outs, err);
    for (int i = 0; i < net->port_count; i++) {
        struct net_blob *blob = &outputs[i];
        blob->data = net->outputs[net->of_port[i]].data;
        blob->dims = region_output_shape(net->region, net->of_port[i], blob->sides);
    }
    return status;
}
