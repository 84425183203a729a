#include "operators/binary.h"

#include "operators/broadcast.h"

bsr_status binary_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 2, 2, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *left = call->inputs[0], *right = call->inputs[1];
    if (left->type != right->type)
        return bsr_operator_fail(err, "its inputs are of different types, %s and %s",
                                 tensor_type_name(left->type), tensor_type_name(right->type));
    call->outputs[0].type = left->type;
    return call_broadcast(&call->outputs[0], left, right, err);
}

bsr_status binary_shape_bool(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = binary_shape(call, err);
    if (status == BSR_OK)
        call->outputs[0].type = BSR_BOOL;
    return status;
}

struct job {
    binary_kernel *kernel;
    char          *out;
    const char    *left, *right;
    size_t         size, out_size; /* bytes of an element */
    int            type, out_type;
};

static void run_job(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct job *job = context;
    job->kernel(job->out + at * job->out_size, job->left + from[0] * job->size, step[0],
                job->right + from[1] * job->size, step[1], count);
}

/* Numbers of 16-bit floats converted at a time, on the stack. */
enum { BLOCK = 256 };

static void widen(float *block, const char *halves, int type, size_t count)
{
    const uint16_t *from = (const uint16_t *)(const void *)halves;
    for (size_t i = 0; i < count; i++)
        block[i] = type == BSR_F16 ? f16_to_f32(from[i]) : bf16_to_f32(from[i]);
}

static void narrow(char *halves, const float *block, int type, size_t count)
{
    uint16_t *to = (uint16_t *)(void *)halves;
    for (size_t i = 0; i < count; i++)
        to[i] = type == BSR_F16 ? f32_to_f16(block[i]) : f32_to_bf16(block[i]);
}

static void run_halves(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct job *job = context;
    float             left[BLOCK], right[BLOCK], result[BLOCK];
    bool              is_half = type_is_half(job->out_type);

    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        char  *out = job->out + (at + done) * job->out_size;
        widen(left, job->left + (from[0] + done * step[0]) * job->size, job->type, step[0] ? length : 1);
        widen(right, job->right + (from[1] + done * step[1]) * job->size, job->type, step[1] ? length : 1);
        job->kernel(is_half ? (void *)result : out, left, step[0], right, step[1], length);
        if (is_half)
            narrow(out, result, job->out_type, length);
    }
}

static void apply(struct bsr_tensor *out, const struct bsr_tensor *left, const struct bsr_tensor *right,
                  binary_kernel *kernel, broadcast_run *run)
{
    struct broadcast plan;
    struct job       job = {
              .kernel = kernel,
              .out = out->data,
              .left = left->data,
              .right = right->data,
              .size = tensor_type_size(left->type),
              .out_size = tensor_type_size(out->type),
              .type = left->type,
              .out_type = out->type,
    };
    broadcast_plan(&plan, out, (const struct bsr_tensor *const[]){left, right}, 2);
    broadcast_each(&plan, run, &job);
}

bsr_status binary_apply(struct bsr_tensor *out, const struct bsr_tensor *left, const struct bsr_tensor *right,
                        binary_kernel *const *kernels, struct bsr_error *err)
{
    if (kernels[left->type])
        apply(out, left, right, kernels[left->type], run_job);
    else if (type_is_half(left->type) && kernels[BSR_F32])
        apply(out, left, right, kernels[BSR_F32], run_halves);
    else
        return element_refuse(left->type, err);
    return BSR_OK;
}

bsr_status binary_run(const struct bsr_call *call, binary_kernel *const *kernels, struct bsr_error *err)
{
    return binary_apply(&call->outputs[0], call->inputs[0], call->inputs[1], kernels, err);
}
