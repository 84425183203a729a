#include "onnx/prepare.h"

#include "onnx/passes/passes.h"
#include "onnx/passes/rewrite.h"

#include <stdio.h>

/* Opsets that besra's operators were written and tested for. */
enum { OLDEST_OPSET = 7, NEWEST_OPSET = 22 };

/* Each round folds what the one before made foldable; real exports need two or three. */
enum { MAX_ROUNDS = 20 };

static bool always(const struct onnx_prepare_options *options)
{
    (void)options;
    return true;
}

static bool wants_f32(const struct onnx_prepare_options *options)
{
    return !options->keep_f16;
}

static bool drops_qdq(const struct onnx_prepare_options *options)
{
    return options->qdq == ONNX_QDQ_DROP;
}

static bool joins_qdq(const struct onnx_prepare_options *options)
{
    return options->qdq == ONNX_QDQ_JOIN;
}

static bool is_for_opencv(const struct onnx_prepare_options *options)
{
    return options->opencv != 0;
}

/* In their order. pass_freeze_inputs comes before them, once. */
static const struct step {
    onnx_pass *pass;
    bool (*wanted)(const struct onnx_prepare_options *options);
} steps[] = {
    {pass_inline_functions, always}, {pass_resolve_if, always},
    {pass_drop_no_ops, always},      {pass_f16_to_f32, wants_f32},
    {pass_fold_constants, always},   {pass_drop_qdq, drops_qdq},
    {pass_join_qdq, joins_qdq},      {pass_dequantize_weights, always},
    {pass_remove_dead, always},      {pass_lower_for_opencv, is_for_opencv},
};

static bsr_status note_opset(const struct onnx_model *model, const struct onnx_prepare_options *options,
                             struct onnx_changes *changes, struct bsr_error *err)
{
    int64_t opset = onnx_opset(model, ""), newest = options->max_opset ? options->max_opset : NEWEST_OPSET;
    char    name[32];

    snprintf(name, sizeof name, "opset %lld", (long long)opset);
    if (opset > newest)
        return onnx_changes_add(changes, err, "opset", name,
                                "is newer than %lld, the newest that besra was tested with: operators that "
                                "changed since are read as they were",
                                (long long)newest);
    if (opset && opset < OLDEST_OPSET)
        return onnx_changes_add(changes, err, "opset", name,
                                "is older than %d, the oldest that besra was tested with", OLDEST_OPSET);
    return BSR_OK;
}

static bsr_status run_round(struct onnx_model *model, const struct onnx_prepare_options *options,
                            struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < sizeof steps / sizeof *steps; i++)
        if (steps[i].wanted(options))
            status = steps[i].pass(model, options, changes, changed, err);
    return status;
}

/* Outputs whose shapes are known are declared with them. */
static bsr_status declare_outputs(struct onnx_model *model, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct onnx_values *values = NULL;
    bsr_status          status = onnx_infer(&values, model, NULL, 0, err);

    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++) {
        const Onnx__TensorShapeProto *shape = rewrite_shape_of(graph->output[i]);
        const struct bsr_tensor      *known = onnx_values_find(values, text_or_empty(graph->output[i]->name));
        if (!shape || !known || shape->n_dim != (size_t)known->dims)
            continue;
        for (int d = 0; d < known->dims; d++)
            rewrite_set_side(shape->dim[d], known->shape[d]);
    }
    onnx_values_free(values);
    return status;
}

bsr_status onnx_prepare(struct onnx_model *model, const struct onnx_prepare_options *options,
                        struct onnx_changes *changes, struct bsr_error *err)
{
    /* What was chosen is part of the graph once it is frozen. */
    struct onnx_prepare_options rest = *options;
    bool                        changed = true;
    bsr_status                  status = note_opset(model, options, changes, err);

    rest.chosen = NULL;
    rest.chosen_count = 0;
    if (status == BSR_OK)
        status = pass_freeze_inputs(model, options, changes, &changed, err);
    for (int round = 0; status == BSR_OK && changed && round < MAX_ROUNDS; round++) {
        changed = false;
        status = run_round(model, &rest, changes, &changed, err);
    }
    if (status == BSR_OK)
        status = declare_outputs(model, err);
    if (status != BSR_OK)
        bsr_error_set_subject(err, model->name);
    return status;
}
