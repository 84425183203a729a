#include "operators/elements.h"

#include "base/alloc.h"

#include <limits.h>
#include <string.h>

bool type_is_half(int type)
{
    return type == BSR_F16 || type == BSR_BF16;
}

bool type_is_float(int type)
{
    return type == BSR_F32 || type == BSR_F64 || type_is_half(type);
}

bool type_is_signed(int type)
{
    return type == BSR_I8 || type == BSR_I16 || type == BSR_I32 || type == BSR_I64;
}

bool type_is_integer(int type)
{
    return type_is_signed(type) || type == BSR_U8 || type == BSR_U16 || type == BSR_U32 || type == BSR_U64;
}

bsr_status element_refuse(int type, struct bsr_error *err)
{
    return bsr_operator_fail(err, "it can't work on %s", tensor_type_name(type));
}

bsr_status element_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, INT_MAX, err);
    if (status == BSR_OK)
        call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    return status;
}

bsr_status element_shape_float(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = element_shape(call, err);
    if (status == BSR_OK && !type_is_float(call->inputs[0]->type))
        return element_refuse(call->inputs[0]->type, err);
    return status;
}

/* ---- 16-bit floats --------------------------------------------------------------------------------- */

/* The tensors that stand in for those of a call; `inputs` points at them or at the originals. */
struct widened {
    struct bsr_tensor        *tensors; /* inputs, then outputs; data NULL where the original serves */
    const struct bsr_tensor **inputs;
};

static void release(struct widened *wide, int count)
{
    for (int i = 0; wide->tensors && i < count; i++)
        tensor_free(&wide->tensors[i]);
    mem_free(wide->tensors);
    mem_free(wide->inputs);
}

static bsr_status widen_inputs(struct widened *wide, const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (int i = 0; i < call->input_count && status == BSR_OK; i++) {
        wide->inputs[i] = call->inputs[i];
        if (!call->inputs[i] || !type_is_half(call->inputs[i]->type))
            continue;
        status = tensor_convert(&wide->tensors[i], call->inputs[i], BSR_F32, err);
        wide->inputs[i] = &wide->tensors[i];
    }
    return status;
}

static bsr_status widen_outputs(struct bsr_tensor *outputs, const struct bsr_call *call,
                                struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (int i = 0; i < call->output_count && status == BSR_OK; i++) {
        if (!type_is_half(call->outputs[i].type))
            continue;
        outputs[i] = call->outputs[i];
        outputs[i].data = NULL;
        outputs[i].type = BSR_F32;
        status = tensor_alloc(&outputs[i], err);
    }
    return status;
}

/* run() writes into the outputs it is given: where the original serves, that is the original's data. */
static bsr_status run_widened(struct widened *wide, const struct bsr_call *call, element_run *run,
                              struct bsr_error *err)
{
    struct bsr_tensor *outputs = wide->tensors + call->input_count;
    bsr_status         status = widen_inputs(wide, call, err);
    if (status == BSR_OK)
        status = widen_outputs(outputs, call, err);
    if (status != BSR_OK)
        return status;

    for (int i = 0; i < call->output_count; i++)
        if (!type_is_half(call->outputs[i].type))
            outputs[i] = call->outputs[i];
    status = run(&(struct bsr_call){.node = call->node,
                                    .inputs = wide->inputs,
                                    .input_count = call->input_count,
                                    .outputs = outputs,
                                    .output_count = call->output_count},
                 err);
    for (int i = 0; i < call->output_count; i++)
        if (!type_is_half(call->outputs[i].type))
            outputs[i].data = NULL;
        else if (status == BSR_OK)
            tensor_convert_into(&call->outputs[i], &outputs[i]);
    return status;
}

bsr_status element_run_in_f32(const struct bsr_call *call, element_run *run, struct bsr_error *err)
{
    int            count = call->input_count + call->output_count;
    struct widened wide = {
        .tensors = mem_alloc_zeroed((size_t)count, sizeof *wide.tensors),
        .inputs = mem_alloc_zeroed((size_t)call->input_count, sizeof(const struct bsr_tensor *)),
    };
    bsr_status status = wide.tensors && wide.inputs
                            ? run_widened(&wide, call, run, err)
                            : bsr_fail_memory(err, NULL, (size_t)count * sizeof *wide.tensors);
    release(&wide, count);
    return status;
}

/* ---- functions of one element ---------------------------------------------------------------------- */

/* Numbers converted at a time, on the stack. */
enum { BLOCK = 256 };

static void run_halves(struct bsr_tensor *out, const struct bsr_tensor *in, element_kernel_f32 *f32,
                       const double *knobs)
{
    const uint16_t *from = in->data;
    uint16_t       *to = out->data;
    size_t          count = tensor_count(in);
    bool            brain = in->type == BSR_BF16;
    float           block[BLOCK], result[BLOCK];

    for (size_t at = 0; at < count; at += BLOCK) {
        size_t length = count - at < BLOCK ? count - at : BLOCK;
        for (size_t i = 0; i < length; i++)
            block[i] = brain ? bf16_to_f32(from[at + i]) : f16_to_f32(from[at + i]);
        f32(result, block, length, knobs);
        for (size_t i = 0; i < length; i++)
            to[at + i] = brain ? f32_to_bf16(result[i]) : f32_to_f16(result[i]);
    }
}

bsr_status element_run_kernels(const struct bsr_call *call, element_kernel_f32 *f32, element_kernel_f64 *f64,
                               const double *knobs, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct bsr_tensor       *out = &call->outputs[0];

    switch (in->type) {
    case BSR_F32:
        f32(out->data, in->data, tensor_count(in), knobs);
        return BSR_OK;
    case BSR_F64:
        f64(out->data, in->data, tensor_count(in), knobs);
        return BSR_OK;
    case BSR_F16:
    case BSR_BF16:
        run_halves(out, in, f32, knobs);
        return BSR_OK;
    default:
        return element_refuse(in->type, err);
    }
}

/* ---- elements as doubles ---------------------------------------------------------------------------- */

/* A part of a tensor, or of an array, as a tensor of one axis. */
static struct bsr_tensor part(const void *data, int type, size_t at, size_t count)
{
    union {
        const void *constant;
        void       *data; /* tensors don't tell what is only read */
    } pointer = {.constant = (const char *)data + at * tensor_type_size(type)};

    return (struct bsr_tensor){.data = pointer.data, .type = type, .dims = 1, .shape = {(int64_t)count}};
}

void element_load(double *values, const struct bsr_tensor *tensor, size_t at, size_t count)
{
    if (tensor->type == BSR_F32) {
        const float *from = (const float *)tensor->data + at;
        for (size_t i = 0; i < count; i++)
            values[i] = (double)from[i];
        return;
    }
    struct bsr_tensor from = part(tensor->data, tensor->type, at, count);
    struct bsr_tensor to = part(values, BSR_F64, 0, count);
    tensor_convert_into(&to, &from);
}

void element_store(struct bsr_tensor *tensor, size_t at, const double *values, size_t count)
{
    if (tensor->type == BSR_F32) {
        float *to = (float *)tensor->data + at;
        for (size_t i = 0; i < count; i++)
            to[i] = (float)values[i];
        return;
    }
    struct bsr_tensor from = part(values, BSR_F64, 0, count);
    struct bsr_tensor to = part(tensor->data, tensor->type, at, count);
    tensor_convert_into(&to, &from);
}

static int whole_type(const struct bsr_tensor *tensor)
{
    return tensor->type == BSR_U64 ? BSR_U64 : BSR_I64;
}

void element_load_wholes(uint64_t *values, const struct bsr_tensor *tensor, size_t at, size_t count)
{
    struct bsr_tensor from = part(tensor->data, tensor->type, at, count);
    struct bsr_tensor to = part(values, whole_type(tensor), 0, count);
    tensor_convert_into(&to, &from);
}

void element_store_wholes(struct bsr_tensor *tensor, size_t at, const uint64_t *values, size_t count)
{
    struct bsr_tensor from = part(values, whole_type(tensor), 0, count);
    struct bsr_tensor to = part(tensor->data, tensor->type, at, count);
    tensor_convert_into(&to, &from);
}

size_t element_span(const struct bsr_tensor *tensor, int from, int to)
{
    size_t count = 1;
    for (int axis = from; axis < to; axis++)
        count *= (size_t)tensor->shape[axis];
    return count;
}

struct element_lines element_lines_of(const struct bsr_tensor *tensor, int axis)
{
    return (struct element_lines){
        .outer = element_span(tensor, 0, axis),
        .count = (size_t)tensor->shape[axis],
        .inner = element_span(tensor, axis + 1, tensor->dims),
    };
}
