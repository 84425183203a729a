/* BatchNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale + bias per channel. In training mode
 * (opset 14) mean and variance are the batch's, and running ones are given, too. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>

static bool is_training(const struct bsr_call *call)
{
    return bsr_node_opset(call->node) >= 14 && bsr_node_int(call->node, "training_mode", 0) != 0;
}

static int64_t channels_of(const struct bsr_tensor *in)
{
    return in->dims > 1 ? in->shape[1] : 1;
}

/* Before opset 14, more than one output meant training: those that come then are the inputs' statistics. */
static bsr_status shape_batch(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 5, 5, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (!type_is_float(in->type) || in->dims < 1)
        return bsr_operator_fail(err, "it can't work on %s of %s", tensor_type_name(in->type),
                                 tensor_shape_text(in).text);
    if (bsr_node_int(call->node, "spatial", 1) != 1)
        return bsr_operator_fail(err, "it has statistics of its own for each place (\"spatial\" is 0)");
    for (int n = 1; n < 5; n++)
        if (!type_is_float(call->inputs[n]->type) || call->inputs[n]->dims != 1 ||
            call->inputs[n]->shape[0] != channels_of(in))
            return bsr_operator_fail(err, "its input %d is of %s, not of %lld channels", n + 1,
                                     tensor_shape_text(call->inputs[n]).text, (long long)channels_of(in));
    call_set_like(call, 0, in->type, in);
    for (int n = 1; n < call->output_count; n++)
        call_set_like(call, n, call->inputs[n % 2 ? 3 : 4]->type, call->inputs[n % 2 ? 3 : 4]);
    return BSR_OK;
}

enum { BLOCK = 256 };

struct channel {
    double mean, variance;
    double factor, shift; /* y = x * factor + shift */
};

/* [outer][channels][inner] */
static void measure(struct channel *channel, const struct bsr_tensor *in, const struct element_lines *lines,
                    size_t c)
{
    double block[BLOCK], count = (double)lines->outer * (double)lines->inner;

    for (int pass = 0; pass < 2; pass++) {
        double sum = 0, mean = pass ? channel->mean : 0;
        for (size_t o = 0; o < lines->outer; o++)
            for (size_t done = 0; done < lines->inner; done += BLOCK) {
                size_t length = lines->inner - done < BLOCK ? lines->inner - done : BLOCK;
                element_load(block, in, (o * lines->count + c) * lines->inner + done, length);
                for (size_t i = 0; i < length; i++)
                    sum += pass ? (block[i] - mean) * (block[i] - mean) : block[i];
            }
        *(pass ? &channel->variance : &channel->mean) = sum / count;
    }
}

static void apply(struct bsr_tensor *out, const struct bsr_tensor *in, size_t at, size_t count,
                  const struct channel *channel)
{
    double block[BLOCK];

    if (in->type == BSR_F32) {
        const float *from = (const float *)in->data + at;
        float       *to = (float *)out->data + at;
        const float  factor = (float)channel->factor, shift = (float)channel->shift;
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * factor + shift;
        return;
    }
    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        element_load(block, in, at + done, length);
        for (size_t i = 0; i < length; i++)
            block[i] = block[i] * channel->factor + channel->shift;
        element_store(out, at + done, block, length);
    }
}

/* The channel's statistics and what follows from them. */
static struct channel make_channel(const struct bsr_call *call, const struct element_lines *lines, size_t c)
{
    double         epsilon = (double)bsr_node_float(call->node, "epsilon", 1e-5F), scale, bias;
    struct channel channel;

    element_load(&scale, call->inputs[1], c, 1);
    element_load(&bias, call->inputs[2], c, 1);
    element_load(&channel.mean, call->inputs[3], c, 1);
    element_load(&channel.variance, call->inputs[4], c, 1);
    if (is_training(call))
        measure(&channel, call->inputs[0], lines, c);
    channel.factor = scale / sqrt(channel.variance + epsilon);
    channel.shift = bias - channel.mean * channel.factor;
    return channel;
}

/* Running statistics: momentum * those so far + (1 - momentum) * the batch's. */
static void write_statistics(const struct bsr_call *call, const struct channel *channel, size_t c)
{
    double momentum = is_training(call) ? (double)bsr_node_float(call->node, "momentum", 0.9F) : 1;

    for (int n = 1; n < call->output_count; n++) {
        double value;
        element_load(&value, call->inputs[n % 2 ? 3 : 4], c, 1);
        value = momentum * value + (1 - momentum) * (n % 2 ? channel->mean : channel->variance);
        element_store(&call->outputs[n], c, &value, 1);
    }
}

static bsr_status run_batch(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct element_lines     lines = {.outer = (size_t)in->shape[0],
                                      .count = (size_t)channels_of(in),
                                      .inner = element_span(in, 2, in->dims)};

    (void)err;
    for (size_t c = 0; c < lines.count; c++) {
        struct channel channel = make_channel(call, &lines, c);
        for (size_t o = 0; o < lines.outer; o++)
            apply(&call->outputs[0], in, (o * lines.count + c) * lines.inner, lines.inner, &channel);
        write_statistics(call, &channel, c);
    }
    return BSR_OK;
}

static const struct bsr_operator batch_normalization[] = {{"BatchNormalization", shape_batch, run_batch}};

const struct operator_group operators_batch_normalization = OPERATOR_GROUP(batch_normalization);
