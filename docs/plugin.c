/* An operator of one's own, as a plugin: custom.MyAdd, y = 2a + b. docs/custom-operators.md explains it.
 *
 *     cc -shared -fPIC -o my_add.so plugin.c $(pkg-config --cflags besra) */
#include <besra.h>

#include <string.h>

/* Before any number is known: what comes out has the type and the shape of a. */
static bsr_status my_add_shape(const struct bsr_call *call, struct bsr_error *err)
{
    if (call->input_count != 2 || !call->inputs[0] || !call->inputs[1])
        return bsr_operator_fail(err, "it adds two inputs, not %d", call->input_count);
    const struct bsr_tensor *a = call->inputs[0], *b = call->inputs[1];
    if (a->type != BSR_F32 || b->type != BSR_F32 || a->dims != b->dims ||
        memcmp(a->shape, b->shape, (size_t)a->dims * sizeof *a->shape) != 0)
        return bsr_operator_fail(err, "it adds floats of the same shape only");
    call->outputs[0].type = BSR_F32;
    call->outputs[0].dims = a->dims;
    memcpy(call->outputs[0].shape, a->shape, sizeof a->shape);
    return BSR_OK;
}

/* With the numbers: besra has allocated the output at the size that my_add_shape() said. */
static bsr_status my_add_run(const struct bsr_call *call, struct bsr_error *err)
{
    const float *a = call->inputs[0]->data, *b = call->inputs[1]->data;
    float       *y = call->outputs[0].data;
    size_t       count = 1;

    (void)err;
    for (int i = 0; i < call->outputs[0].dims; i++)
        count *= (size_t)call->outputs[0].shape[i];
    for (size_t i = 0; i < count; i++)
        y[i] = 2 * a[i] + b[i];
    return BSR_OK;
}

static const struct bsr_operator my_add = {"custom.MyAdd", my_add_shape, my_add_run};

/* What besra looks for in a plugin: the version of besra.h it was built with, and a function that registers.
 */
const int bsr_plugin_abi = BSR_PLUGIN_ABI;

bsr_status bsr_plugin_register(struct bsr_error *err)
{
    return bsr_operator_register(&my_add, err);
}
