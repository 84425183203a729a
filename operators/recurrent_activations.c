/* The activations of recurrent nets, with ONNX's defaults for their parameters. */
#include "operators/recurrent.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static double relu(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x > 0 ? x : 0;
}

static double tangent(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return tanh(x);
}

static double sigmoid(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return 1 / (1 + exp(-x));
}

static double affine(double x, double alpha, double beta)
{
    return alpha * x + beta;
}

static double leaky_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x >= 0 ? x : alpha * x;
}

static double thresholded_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x > alpha ? x : 0;
}

static double scaled_tangent(double x, double alpha, double beta)
{
    return alpha * tanh(beta * x);
}

static double hard_sigmoid(double x, double alpha, double beta)
{
    double y = alpha * x + beta;
    return y > 0 ? y < 1 ? y : 1 : 0;
}

static double elu(double x, double alpha, double beta)
{
    (void)beta;
    return x >= 0 ? x : alpha * expm1(x);
}

static double softsign(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x / (1 + fabs(x));
}

static double softplus(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* Which take parameters, and what those are when the node does not say. */
static const struct {
    const char       *name;
    bool              has_alpha, has_beta;
    struct activation activation;
} known[] = {
    {"Relu", false, false, {relu, 0, 0}},
    {"Tanh", false, false, {tangent, 0, 0}},
    {"Sigmoid", false, false, {sigmoid, 0, 0}},
    {"Affine", true, true, {affine, 1, 0}},
    {"LeakyRelu", true, false, {leaky_relu, 0.01, 0}},
    {"ThresholdedRelu", true, false, {thresholded_relu, 1, 0}},
    {"ScaledTanh", true, true, {scaled_tangent, 1, 1}},
    {"HardSigmoid", true, true, {hard_sigmoid, 0.2, 0.5}},
    {"Elu", true, false, {elu, 1, 0}},
    {"Softsign", false, false, {softsign, 0, 0}},
    {"Softplus", false, false, {softplus, 0, 0}},
};

/* ONNX's lists of parameters have one for each activation that takes it, in their order. */
struct parameters {
    const float *alphas, *betas;
    int          alpha_count, beta_count;
};

static double take(const float **list, int *count, double otherwise)
{
    if (!*count)
        return otherwise;
    --*count;
    return (double)*(*list)++;
}

static bsr_status find(struct activation *out, const char *name, struct parameters *parameters,
                       struct bsr_error *err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(known[i].name, name) != 0)
            continue;
        *out = known[i].activation;
        if (known[i].has_alpha)
            out->alpha = take(&parameters->alphas, &parameters->alpha_count, out->alpha);
        if (known[i].has_beta)
            out->beta = take(&parameters->betas, &parameters->beta_count, out->beta);
        return BSR_OK;
    }
    return call_refuse(err, "the activation %s is not known", name);
}

bsr_status activations_read(struct recurrent *plan, const struct bsr_node *node, struct bsr_error *err)
{
    static const char *const defaults[][RECURRENT_ACTIVATIONS] = {
        [CELL_RNN] = {"Tanh"}, [CELL_GRU] = {"Sigmoid", "Tanh"}, [CELL_LSTM] = {"Sigmoid", "Tanh", "Tanh"}};
    const struct attribute *names = node_find_attribute(node, "activations", ATTRIBUTE_TEXTS);
    const char             *name = names ? names->text : NULL;
    struct parameters       parameters = {0};
    int                     each = (int)plan->cell + 1; /* 1, 2, 3 */

    parameters.alphas = bsr_node_floats(node, "activation_alpha", &parameters.alpha_count);
    parameters.betas = bsr_node_floats(node, "activation_beta", &parameters.beta_count);
    if (names && names->count != each * (int)plan->directions)
        return call_refuse(err, "activations has %d names, not %d", names->count,
                           each * (int)plan->directions);
    for (size_t d = 0; d < plan->directions; d++)
        for (int i = 0; i < each; i++) {
            bsr_status status =
                find(&plan->activations[d].of[i], name ? name : defaults[plan->cell][i], &parameters, err);
            if (status != BSR_OK)
                return status;
            name = name ? name + strlen(name) + 1 : NULL;
        }
    return BSR_OK;
}
