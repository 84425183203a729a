/* DFT and STFT: spectra along an axis. The last axis holds one number (real) or two (real, imaginary). */
#include "operators/fft.h"
#include "operators/move.h"
#include "operators/numbers.h"
#include "operators/shadow.h"

#include "base/alloc.h"

#include <string.h>

/* ---- DFT ------------------------------------------------------------------------------------------- */

struct dft_plan {
    int     axis;
    int64_t length;            /* of the signal: the input is cut, or 0 follows it */
    int64_t side;              /* of the output along the axis */
    bool    inverse, onesided; /* both: from the first half of a spectrum to a real signal */
};

/* The axis is an attribute before opset 20 (1), an input since (-2). */
static bsr_status dft_axis(int *axis, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  otherwise = bsr_node_opset(call->node) < 20 ? 1 : -2, value;
    bsr_status status = number_int(&value, call, 2, bsr_node_int(call->node, "axis", otherwise), err);

    if (status == BSR_OK)
        status = call_axis(axis, value, in->dims, err);
    if (status == BSR_OK &&
        (in->dims < 2 || *axis == in->dims - 1 || in->shape[in->dims - 1] < 1 || in->shape[in->dims - 1] > 2))
        return call_refuse(err, "axis %d of %s holds no signal (its last axis has a side of 1 or 2)", *axis,
                           tensor_shape_text(in).text);
    return status;
}

static bsr_status dft_plan_make(struct dft_plan *plan, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bsr_status               status = dft_axis(&plan->axis, call, err);
    if (status != BSR_OK)
        return status;

    plan->inverse = bsr_node_int(call->node, "inverse", 0) != 0;
    plan->onesided = bsr_node_int(call->node, "onesided", 0) != 0;
    int64_t side = in->shape[plan->axis];
    bool    is_complex = in->shape[in->dims - 1] == 2;
    if (side < 0 || side > FFT_MAX_LENGTH || (plan->onesided && is_complex != plan->inverse))
        return call_refuse(err, "one side of the spectrum of %s can't be %s", tensor_shape_text(in).text,
                           plan->inverse ? "turned back" : "made");
    status = number_int(&plan->length, call, 1, plan->onesided && plan->inverse ? 2 * (side - 1) : side, err);
    if (status == BSR_OK && (plan->length < 1 || plan->length > FFT_MAX_LENGTH))
        return call_refuse(err, "a transform of %lld numbers is impossible", (long long)plan->length);
    plan->side = plan->onesided && !plan->inverse ? plan->length / 2 + 1 : plan->length;
    return status;
}

static bsr_status dft_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct dft_plan plan;
    bsr_status      status = move_expect(call, 1, 3, 1, err);

    if (status == BSR_OK && !type_is_float(call->inputs[0]->type))
        return element_refuse(call->inputs[0]->type, err);
    if (status == BSR_OK)
        status = dft_plan_make(&plan, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  sides[BSR_MAX_DIMS];
    memcpy(sides, in->shape, sizeof sides);
    sides[plan.axis] = plan.side;
    sides[in->dims - 1] = plan.onesided && plan.inverse ? 1 : 2;
    return move_set(call, 0, in->type, in->dims, sides, err);
}

/* A line of numbers with `parts` parts each, `step` numbers apart. */
static struct complex_number get_number(const double *at, int64_t parts)
{
    return (struct complex_number){at[0], parts > 1 ? at[1] : 0};
}

/* Reads `count` numbers of the line, and 0 behind them; a half spectrum is completed by its mirror image. */
static void load_line(struct complex_number *line, const struct dft_plan *plan, const double *from,
                      size_t step, size_t count, int64_t parts)
{
    size_t length = (size_t)plan->length;
    bool   half = plan->onesided && plan->inverse;
    size_t given = half ? length / 2 + 1 : length;

    for (size_t n = 0; n < given && n < length; n++)
        line[n] = n < count ? get_number(from + n * step, parts) : (struct complex_number){0, 0};
    for (size_t n = given; n < length; n++)
        line[n] = (struct complex_number){line[length - n].re, -line[length - n].im};
}

static void store_line(double *to, size_t step, size_t count, int64_t parts,
                       const struct complex_number *line)
{
    for (size_t n = 0; n < count; n++) {
        to[n * step] = line[n].re;
        if (parts > 1)
            to[n * step + 1] = line[n].im;
    }
}

static bsr_status dft_run_f64(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *out = &call->outputs[0];
    struct dft_plan          plan;
    struct fft              *fft;
    bsr_status               status = dft_plan_make(&plan, call, err);
    if (status != BSR_OK || !tensor_count(out))
        return status;
    struct complex_number *line = mem_alloc_aligned((size_t)plan.length, sizeof *line);
    if (!line)
        return bsr_fail_memory(err, NULL, (size_t)plan.length * sizeof *line);
    status = fft_open(&fft, (size_t)plan.length, plan.inverse, err);
    if (status != BSR_OK) {
        mem_free(line);
        return status;
    }

    int64_t parts_in = in->shape[in->dims - 1], parts_out = out->shape[out->dims - 1];
    size_t  side_in = (size_t)in->shape[plan.axis], side_out = (size_t)out->shape[plan.axis];
    size_t  inner = (size_t)move_product(in->shape, plan.axis + 1, in->dims - 1);
    size_t  lines = (size_t)move_product(in->shape, 0, plan.axis) * inner;
    for (size_t l = 0; l < lines; l++) {
        size_t from = (l / inner * side_in * inner + l % inner) * (size_t)parts_in;
        size_t to = (l / inner * side_out * inner + l % inner) * (size_t)parts_out;
        load_line(line, &plan, (const double *)in->data + from, inner * (size_t)parts_in, side_in, parts_in);
        fft_run(fft, line);
        store_line((double *)out->data + to, inner * (size_t)parts_out, side_out, parts_out, line);
    }
    fft_close(fft);
    mem_free(line);
    return BSR_OK;
}

static bsr_status dft_run(const struct bsr_call *call, struct bsr_error *err)
{
    return shadow_run(call, BSR_F64, dft_run_f64, err);
}

/* ---- STFT: [batch][frames][bins][2] of a signal [batch][length][1 or 2] -------------------------------- */

struct stft_plan {
    int64_t step, length, frames, bins;
};

static bsr_status stft_frames(struct stft_plan *plan, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *window = call_input(call, 2);
    int64_t                  otherwise = window && window->dims == 1 ? window->shape[0] : in->shape[1];
    bsr_status               status = number_int(&plan->step, call, 1, 0, err);

    if (status == BSR_OK)
        status = number_int(&plan->length, call, 3, otherwise, err);
    if (status != BSR_OK)
        return status;
    if (plan->step < 1 || plan->length < 1 || plan->length > in->shape[1] || plan->length > FFT_MAX_LENGTH ||
        (window && (window->dims != 1 || window->shape[0] != plan->length)))
        return call_refuse(err, "frames of %lld, %lld apart, don't fit %s or its window",
                           (long long)plan->length, (long long)plan->step, tensor_shape_text(in).text);
    plan->frames = (in->shape[1] - plan->length) / plan->step + 1;
    return BSR_OK;
}

static bsr_status stft_plan_make(struct stft_plan *plan, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bool                     onesided = bsr_node_int(call->node, "onesided", 1) != 0;

    if (in->dims != 3 || in->shape[2] < 1 || in->shape[2] > 2 || (onesided && in->shape[2] == 2))
        return call_refuse(err, "%s is not [batch][length][1] (or 2, for both sides of the spectrum)",
                           tensor_shape_text(in).text);
    bsr_status status = stft_frames(plan, call, err);
    if (status == BSR_OK)
        plan->bins = onesided ? plan->length / 2 + 1 : plan->length;
    return status;
}

static bsr_status stft_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct stft_plan plan;
    bsr_status       status = move_expect(call, 2, 4, 1, err);

    if (status == BSR_OK && !type_is_float(call->inputs[0]->type))
        return element_refuse(call->inputs[0]->type, err);
    if (status == BSR_OK && call_input(call, 2) && call->inputs[2]->type != call->inputs[0]->type)
        return call_refuse(err, "its window is %s, its signal %s", tensor_type_name(call->inputs[2]->type),
                           tensor_type_name(call->inputs[0]->type));
    if (status == BSR_OK)
        status = stft_plan_make(&plan, call, err);
    if (status != BSR_OK)
        return status;
    return move_set(call, 0, call->inputs[0]->type, 4,
                    (int64_t[]){call->inputs[0]->shape[0], plan.frames, plan.bins, 2}, err);
}

static bsr_status stft_run_f64(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *window = call_input(call, 2);
    struct stft_plan         plan;
    struct fft              *fft;
    bsr_status               status = stft_plan_make(&plan, call, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;
    struct complex_number *line = mem_alloc_aligned((size_t)plan.length, sizeof *line);
    if (!line)
        return bsr_fail_memory(err, NULL, (size_t)plan.length * sizeof *line);
    status = fft_open(&fft, (size_t)plan.length, false, err);
    if (status != BSR_OK) {
        mem_free(line);
        return status;
    }

    double *to = call->outputs[0].data;
    for (int64_t f = 0; f < in->shape[0] * plan.frames; f++, to += plan.bins * 2) {
        int64_t at = f / plan.frames * in->shape[1] + f % plan.frames * plan.step;
        for (int64_t n = 0; n < plan.length; n++) {
            double weight = window ? ((const double *)window->data)[n] : 1;
            line[n] = get_number((const double *)in->data + (at + n) * in->shape[2], in->shape[2]);
            line[n] = (struct complex_number){line[n].re * weight, line[n].im * weight};
        }
        fft_run(fft, line);
        store_line(to, 2, (size_t)plan.bins, 2, line);
    }
    fft_close(fft);
    mem_free(line);
    return BSR_OK;
}

static bsr_status stft_run(const struct bsr_call *call, struct bsr_error *err)
{
    return shadow_run(call, BSR_F64, stft_run_f64, err);
}

static const struct bsr_operator operators[] = {
    {"DFT", dft_shape, dft_run},
    {"STFT", stft_shape, stft_run},
};

const struct operator_group operators_fourier = OPERATOR_GROUP(operators);
