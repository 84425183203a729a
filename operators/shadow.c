#include "operators/shadow.h"

#include "base/alloc.h"

/* The call as `run` sees it; the arrays are as long as the call's. */
struct shadow {
    struct bsr_tensor        *inputs, *outputs; /* data NULL: the call's own is used */
    const struct bsr_tensor **pointers;
    struct bsr_tensor        *handed; /* the outputs as handed to run */
};

static void shadow_free(struct shadow *shadow, const struct bsr_call *call)
{
    for (int i = 0; shadow->inputs && i < call->input_count; i++)
        tensor_free(&shadow->inputs[i]);
    for (int i = 0; shadow->outputs && i < call->output_count; i++)
        tensor_free(&shadow->outputs[i]);
    mem_free(shadow->inputs);
    mem_free(shadow->outputs);
    mem_free(shadow->pointers);
    mem_free(shadow->handed);
}

static bool is_shadowed(const struct bsr_tensor *tensor, int type)
{
    return tensor && type_is_float(tensor->type) && tensor->type != type;
}

static bsr_status shadow_make(struct shadow *shadow, const struct bsr_call *call, int type,
                              struct bsr_error *err)
{
    size_t inputs = (size_t)call->input_count + 1, outputs = (size_t)call->output_count + 1;

    shadow->inputs = mem_alloc_zeroed(inputs, sizeof *shadow->inputs);
    shadow->outputs = mem_alloc_zeroed(outputs, sizeof *shadow->outputs);
    shadow->pointers = mem_alloc_zeroed(inputs, sizeof(const struct bsr_tensor *));
    shadow->handed = mem_alloc_zeroed(outputs, sizeof *shadow->handed);
    if (!shadow->inputs || !shadow->outputs || !shadow->pointers || !shadow->handed)
        return bsr_fail_memory(err, NULL, (inputs + outputs) * sizeof *shadow->inputs);

    for (int i = 0; i < call->input_count; i++) {
        shadow->pointers[i] = call->inputs[i];
        if (!is_shadowed(call->inputs[i], type))
            continue;
        bsr_status status = tensor_convert(&shadow->inputs[i], call->inputs[i], type, err);
        if (status != BSR_OK)
            return status;
        shadow->pointers[i] = &shadow->inputs[i];
    }
    for (int i = 0; i < call->output_count; i++) {
        shadow->handed[i] = call->outputs[i];
        if (!is_shadowed(&call->outputs[i], type))
            continue;
        struct bsr_tensor wide = call->outputs[i];
        wide.type = type;
        bsr_status status = tensor_alloc(&wide, err);
        if (status != BSR_OK)
            return status;
        shadow->outputs[i] = shadow->handed[i] = wide;
    }
    return BSR_OK;
}

bsr_status shadow_run(const struct bsr_call *call, int type, element_run *run, struct bsr_error *err)
{
    struct shadow shadow = {0};
    bsr_status    status = shadow_make(&shadow, call, type, err);

    if (status == BSR_OK) {
        struct bsr_call inner = *call;
        inner.inputs = shadow.pointers;
        inner.outputs = shadow.handed;
        status = run(&inner, err);
    }
    for (int i = 0; status == BSR_OK && i < call->output_count; i++)
        if (shadow.outputs[i].data)
            tensor_convert_into(&call->outputs[i], &shadow.outputs[i]);
    shadow_free(&shadow, call);
    return status;
}
