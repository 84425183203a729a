/* besra model simplify: the prepared graph as a standard .onnx, with a proof that it computes the same. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/model_output.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/inspect/inspect.h"
#include "onnx/prepare.h"
#include "pipeline/json_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Constants folded in f32 in another order than a run would: rounding, no more. */
static const double tolerance = 1e-4;

struct simplify {
    struct model_file      file;
    struct onnx_model     *after;
    struct onnx_inspection inspections[2]; /* before, after */
    double                 difference;     /* the largest of any number */
    double                 relative;       /* to the largest number of its output */
};

/* ---- the proof
 * ------------------------------------------------------------------------------------------------ */

/* The largest difference of two tensors, infinite where one has a NaN or an infinity that the other hasn't;
 * the largest number of the first goes to *largest. */
static double difference_of(const struct bsr_tensor *a, const struct bsr_tensor *b, double *largest)
{
    double difference = 0;
    size_t count = tensor_count(a);

    *largest = 0;
    for (size_t i = 0; i < count; i++) {
        double one = tensor_get(a, i), other = tensor_get(b, i), apart = fabs(one - other);
        bool   same = one == other || (isnan(one) && isnan(other));
        if (isfinite(one))
            *largest = fmax(*largest, fabs(one));
        if (!same)
            difference = fmax(difference, isfinite(apart) ? apart : INFINITY);
    }
    return difference;
}

static bsr_status compare(struct simplify *simplify, const struct bsr_tensor *before,
                          const struct bsr_tensor *after, struct bsr_error *err)
{
    int count = onnx_output_count(simplify->file.model);

    for (int i = 0; i < count; i++) {
        const char *name = onnx_output(simplify->file.model, i).name;
        double      largest, difference;
        if (!tensor_same_shape(&before[i], &after[i]) || before[i].type != after[i].type)
            return bsr_fail(err, BSR_EMODEL, name, "would be %s %s after it was %s %s",
                            tensor_type_name(after[i].type), tensor_shape_text(&after[i]).text,
                            tensor_type_name(before[i].type), tensor_shape_text(&before[i]).text);
        difference = difference_of(&before[i], &after[i], &largest);
        simplify->difference = fmax(simplify->difference, difference);
        simplify->relative = fmax(simplify->relative, difference / (largest > 0 ? largest : 1));
    }
    if (simplify->relative <= tolerance)
        return BSR_OK;
    return bsr_fail(
        err, BSR_EMODEL, simplify->file.card.file,
        "the simplified graph would compute something else: %.3g apart, %.3g of the largest number",
        simplify->difference, simplify->relative);
}

static void free_outputs(struct bsr_tensor *outputs, int count)
{
    for (int i = 0; outputs && i < count; i++)
        tensor_free(&outputs[i]);
    mem_free(outputs);
}

static bsr_status prove(struct simplify *simplify, int seed, struct bsr_error *err)
{
    int                count = onnx_output_count(simplify->file.model);
    struct bsr_tensor *before = mem_alloc_zeroed((size_t)count + 1, sizeof *before);
    struct bsr_tensor *after = mem_alloc_zeroed((size_t)count + 1, sizeof *after);
    struct feeds       feeds = {0};
    struct onnx_model *shaped = NULL;
    bsr_status         status = before && after ? model_file_feeds(&feeds, &simplify->file, seed, err)
                                                : bsr_fail_memory(err, NULL, (size_t)count * sizeof *before);

    if (status == BSR_OK)
        status = model_file_shaped(&shaped, &simplify->file, err);
    if (status == BSR_OK)
        status = model_evaluate(before, shaped, &feeds, NULL, NULL, err);
    if (status == BSR_OK)
        status = model_evaluate(after, simplify->after, &feeds, NULL, NULL, err);
    if (status == BSR_OK)
        status = compare(simplify, before, after, err);
    feeds_free(&feeds);
    onnx_model_free(shaped);
    free_outputs(before, count);
    free_outputs(after, count);
    return status;
}

/* ---- the work
 * --------------------------------------------------------------------------------------------------- */

static bsr_status inspect_both(struct simplify *simplify, struct bsr_error *err)
{
    const struct feeds *chosen = &simplify->file.chosen;
    bsr_status          status =
        onnx_inspect(&simplify->inspections[0], simplify->file.model, chosen->items, chosen->count, err);

    if (status == BSR_OK)
        status = onnx_inspect(&simplify->inspections[1], simplify->after, NULL, 0, err);
    return status;
}

static bsr_status check_output(const struct simplify *simplify, const struct options *options,
                               struct bsr_error *err)
{
    bsr_status status = model_output_check(options, err);

    if (status == BSR_OK && model_output_is_stream(options) && options->json &&
        strcmp(options->json, "-") == 0)
        status = bsr_fail(err, BSR_EUSAGE, "--json",
                          "the model goes to standard output already: give --json=FILE");
    return status == BSR_OK ? model_output_spare_model(options, &simplify->file, err) : status;
}

/* Only what was asked for is settled in the new model; the rest of the shapes stay open, and are assumed for
 * the proof. */
static bsr_status make(struct simplify *simplify, const struct options *options, struct bsr_error *err)
{
    struct onnx_prepare_options how = {
        .chosen = simplify->file.chosen.items,
        .chosen_count = simplify->file.chosen.count,
        .qdq = options->qdq == QDQ_LEFT_OUT ? ONNX_QDQ_DROP : ONNX_QDQ_KEEP,
        .keep_f16 = true,
    };
    bsr_status status = check_output(simplify, options, err);

    if (status == BSR_OK)
        status = onnx_model_copy(&simplify->after, simplify->file.model, err);
    if (status == BSR_OK)
        status = onnx_prepare(simplify->after, &how, NULL, err);
    if (status == BSR_OK)
        status = model_file_assume(&simplify->file, err);
    if (status == BSR_OK &&
        options->qdq != QDQ_LEFT_OUT) /* what is left out changes the numbers: as asked for */
        status = prove(simplify, options->seed, err);
    return status == BSR_OK ? inspect_both(simplify, err) : status;
}

/* ---- telling it
 * --------------------------------------------------------------------------------------------------- */

static uint64_t count_of(const struct onnx_inspection *inspection, const char *name)
{
    for (int i = 0; i < inspection->operator_count; i++)
        if (strcmp(inspection->operators[i].name, name) == 0)
            return inspection->operators[i].count;
    return 0;
}

static void add_counts(struct table *table, const char *name, uint64_t before, uint64_t after)
{
    enum table_style style = after < before ? STYLE_GOOD : after > before ? STYLE_WARN : STYLE_PLAIN;

    table_add(table, STYLE_PLAIN, "%s", name);
    table_add(table, STYLE_PLAIN, "%s", number_whole(before).text);
    table_add(table, style, "%s", after ? number_whole(after).text : "-");
}

static void print_counts(const struct simplify *simplify)
{
    const struct onnx_inspection *before = &simplify->inspections[0], *after = &simplify->inspections[1];
    struct table                  table;

    table_start(&table, "lrr", "operator|before|after");
    for (int i = 0; i < before->operator_count; i++)
        add_counts(&table, before->operators[i].name, before->operators[i].count,
                   count_of(after, before->operators[i].name));
    for (int i = 0; i < after->operator_count; i++)
        if (!count_of(before, after->operators[i].name))
            add_counts(&table, after->operators[i].name, 0, after->operators[i].count);
    add_counts(&table, "all nodes", (uint64_t)before->layer_count, (uint64_t)after->layer_count);
    table_print(&table, 0);
}

static json_t *counts_object(const struct onnx_inspection *inspection)
{
    json_t *object = json_object();
    for (int i = 0; i < inspection->operator_count; i++)
        json_object_set_new(object, inspection->operators[i].name,
                            json_integer((json_int_t)inspection->operators[i].count));
    return object;
}

static json_t *simplify_object(const struct simplify *simplify, bool proved)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "model", json_text(simplify->file.card.file), "before",
                     counts_object(&simplify->inspections[0]), "after",
                     counts_object(&simplify->inspections[1]), "max_abs_difference",
                     proved ? json_number(simplify->difference) : json_null(), "relative_difference",
                     proved ? json_number(simplify->relative) : json_null());
}

static bool has_open_inputs(const struct onnx_model *model)
{
    for (int i = 0; i < onnx_input_count(model); i++) {
        struct onnx_value input = onnx_input(model, i);
        for (int d = 0; d < input.dims; d++)
            if (input.shape[d] < 0)
                return true;
    }
    return false;
}

static int tell(const struct simplify *simplify, const struct options *options)
{
    bool proved = options->qdq != QDQ_LEFT_OUT;

    if (options->json)
        return output_json(options, simplify_object(simplify, proved));
    if (has_open_inputs(simplify->after))
        terminal_say("its inputs stay open: with --shape what depends on their sizes is folded, too");
    if (model_output_is_stream(options))
        return EXIT_DONE; /* a table behind the model would be part of it */
    print_counts(simplify);
    if (proved && simplify->difference == 0)
        table_line(STYLE_GOOD, "on random input (--seed %d) both give the same, to the bit", options->seed);
    else if (proved)
        table_line(STYLE_GOOD,
                   "on random input (--seed %d) both give the same: %.3g apart at most, %.3g of the largest",
                   options->seed, simplify->difference, simplify->relative);
    else
        table_line(STYLE_WARN, "not compared: without its quantisation the model computes other numbers");
    return output_finish();
}

int model_simplify_command(const struct options *options)
{
    struct simplify  simplify = {0};
    struct bsr_error err;
    int              code = model_file_open(&simplify.file, options);

    if (code != EXIT_DONE)
        return code;
    if (make(&simplify, options, &err) == BSR_OK) {
        code = model_output_write(options, simplify.after);
        if (code == EXIT_DONE)
            code = tell(&simplify, options);
    } else {
        terminal_error(&err);
        code = exit_code_of(err.code);
    }
    onnx_inspection_free(&simplify.inspections[0]);
    onnx_inspection_free(&simplify.inspections[1]);
    onnx_model_free(simplify.after);
    model_file_close(&simplify.file);
    return code;
}
