/* What sound is weighed with: windows of cosines, and the mel scale's filters. */
#include "operators/elements.h"
#include "operators/move.h"
#include "operators/numbers.h"

#include <math.h>
#include <string.h>

/* ---- HannWindow, HammingWindow, BlackmanWindow ------------------------------------------------------ */

static bsr_status output_type(int *type, const struct bsr_call *call, struct bsr_error *err)
{
    int64_t wanted = bsr_node_int(call->node, "output_datatype", BSR_F32);

    if (wanted < 0 || wanted > BSR_BF16 || !tensor_type_size((int)wanted) || wanted == BSR_BOOL)
        return call_refuse(err, "its output_datatype is %lld", (long long)wanted);
    *type = (int)wanted;
    return BSR_OK;
}

static bsr_status window_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        type = 0;
    int64_t    size;
    bsr_status status = move_expect(call, 1, 1, 1, err);

    if (status == BSR_OK)
        status = output_type(&type, call, err);
    if (status == BSR_OK)
        status = number_int(&size, call, 0, 0, err);
    return status == BSR_OK ? move_set(call, 0, type, 1, &size, err) : status;
}

/* a[0] - a[1] cos(2 pi n / N) + a[2] cos(4 pi n / N), where N is the size, or one less when symmetric. */
static bsr_status fill_window(const struct bsr_call *call, const double *a)
{
    struct bsr_tensor *out = &call->outputs[0];
    double             n = (double)out->shape[0] - (bsr_node_int(call->node, "periodic", 1) ? 0 : 1);
    const double       turn = 2 * 3.14159265358979323846;

    for (int64_t i = 0; i < out->shape[0]; i++) {
        double angle = n > 0 ? turn * (double)i / n : turn / 2; /* a window of one is 1 */
        tensor_set(out, (size_t)i, a[0] - a[1] * cos(angle) + a[2] * cos(2 * angle));
    }
    return BSR_OK;
}

static bsr_status hann_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return fill_window(call, (double[]){0.5, 0.5, 0});
}

static bsr_status hamming_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return fill_window(call, (double[]){25.0 / 46, 21.0 / 46, 0});
}

static bsr_status blackman_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return fill_window(call, (double[]){0.42, 0.5, 0.08});
}

/* ---- MelWeightMatrix: [dft_length / 2 + 1][mel bins], a triangle a column ---------------------------- */

struct mel {
    int64_t bins, dft_length, rate;
    double  low, high; /* hertz */
};

static bsr_status mel_make(struct mel *mel, const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = number_int(&mel->bins, call, 0, 0, err);

    if (status == BSR_OK)
        status = number_int(&mel->dft_length, call, 1, 0, err);
    if (status == BSR_OK)
        status = number_int(&mel->rate, call, 2, 0, err);
    if (status == BSR_OK)
        status = number_real(&mel->low, call, 3, 0, err);
    if (status == BSR_OK)
        status = number_real(&mel->high, call, 4, 0, err);
    if (status == BSR_OK &&
        (mel->bins < 1 || mel->dft_length < 1 || mel->rate < 1 || mel->bins > 1 << 20 ||
         mel->dft_length > 1 << 28 || !(mel->low >= 0 && mel->high <= 1e9) || !(mel->low <= mel->high)))
        return call_refuse(err, "%lld bins of a DFT of %lld at %lld Hz, from %g to %g Hz, are impossible",
                           (long long)mel->bins, (long long)mel->dft_length, (long long)mel->rate, mel->low,
                           mel->high);
    return status;
}

static bsr_status mel_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct mel mel;
    int        type = 0;
    bsr_status status = move_expect(call, 5, 5, 1, err);

    if (status == BSR_OK)
        status = output_type(&type, call, err);
    if (status == BSR_OK)
        status = mel_make(&mel, call, err);
    if (status != BSR_OK)
        return status;
    return move_set(call, 0, type, 2, (int64_t[]){mel.dft_length / 2 + 1, mel.bins}, err);
}

/* The row of the spectrum at which triangle edge n (0 .. bins + 1) lies; mel(f) = 2595 log10(1 + f / 700). */
static int64_t mel_edge(const struct mel *mel, int64_t n)
{
    double low = 2595 * log10(1 + mel->low / 700), high = 2595 * log10(1 + mel->high / 700);
    double hertz = 700 * (pow(10, (low + (double)n * (high - low) / (double)(mel->bins + 2)) / 2595) - 1);
    double row = floor(((double)mel->dft_length + 1) * hertz / (double)mel->rate);
    return row < 0x1p40 ? (int64_t)row : (int64_t)1 << 40;
}

static void set_weight(struct bsr_tensor *out, int64_t row, int64_t column, double weight)
{
    if (row >= 0 && row < out->shape[0])
        tensor_set(out, (size_t)(row * out->shape[1] + column), weight);
}

static bsr_status mel_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    struct mel         mel;
    bsr_status         status = mel_make(&mel, call, err);
    if (status != BSR_OK)
        return status;

    memset(out->data, 0, tensor_bytes(out));
    for (int64_t i = 0; i < mel.bins; i++) {
        int64_t low = mel_edge(&mel, i), centre = mel_edge(&mel, i + 1), high = mel_edge(&mel, i + 2);
        if (low == centre)
            set_weight(out, centre, i, 1);
        for (int64_t row = low; low < centre && row <= centre && row < out->shape[0]; row++)
            set_weight(out, row, i, (double)(row - low) / (double)(centre - low));
        for (int64_t row = centre; row < high && row < out->shape[0]; row++)
            set_weight(out, row, i, (double)(high - row) / (double)(high - centre));
    }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"HannWindow", window_shape, hann_run},
    {"HammingWindow", window_shape, hamming_run},
    {"BlackmanWindow", window_shape, blackman_run},
    {"MelWeightMatrix", mel_shape, mel_run},
};

const struct operator_group operators_spectrum = OPERATOR_GROUP(operators);
