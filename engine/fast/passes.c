#include "engine/fast/passes.h"

#include "engine/fast/uses.h"

bool pass_drop_unread(struct fast_net *net)
{
    struct fast_uses uses;

    if (!uses_find(&uses, net))
        return false;
    for (int i = net->layer_count - 1; i >= 0; i--) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->output == NO_VALUE || uses.readers[layer->output])
            continue;
        for (int r = 0; r < fast_read_count(layer); r++)
            if (fast_read_at(layer, r) != NO_VALUE)
                uses.readers[fast_read_at(layer, r)]--;
        fast_remove(layer);
    }
    uses_free(&uses);
    return true;
}

bool passes_run(struct fast_net *net)
{
    return pass_drop_unread(net) && pass_name_gates(net) && pass_fold_scales(net) &&
           pass_fuse_activations(net) && pass_fuse_residuals(net) && pass_fuse_steps(net) &&
           pass_keep_heads(net) && pass_merge_parallel(net) && pass_split_enlarged(net) &&
           pass_block_inputs(net) && pass_place(net);
}
