#include "tests/backend/node_case.h"

#include "base/file.h"
#include "onnx/graph.h"
#include "onnx/tensor_file.h"
#include "tests/backend/case_engines.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MODEL_MAX_BYTES = 1 << 28 };

static bsr_status read_model(struct onnx_model **out, struct bytes *bytes, const char *folder,
                             struct bsr_error *err)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    bsr_status status = file_read(bytes, path, MODEL_MAX_BYTES, err);
    return status == BSR_OK ? onnx_model_read(out, bytes->data, bytes->size, folder, "model", err) : status;
}

/* ---- what a case is about ------------------------------------------------------------------------- */

static void describe_operator(struct case_about *out, const struct onnx_model *model)
{
    const Onnx__NodeProto *node = model->proto->graph->node[0];
    const char            *domain = text_or_empty(node->domain);

    snprintf(out->name, sizeof out->name, "%s%s%s", domain, *domain ? "." : "", text_or_empty(node->op_type));
    out->opset = onnx_opset(model, domain);
}

static void note_type(int type, bool *f32, bool *other)
{
    *f32 |= type == BSR_F32;
    *other |= type != BSR_F32 && type != BSR_BOOL && (type < BSR_U8 || type > BSR_I64) && type != BSR_U32 &&
              type != BSR_U64;
}

static bool is_only_f32(const struct onnx_model *model)
{
    bool f32 = false, other = false;

    for (int i = 0; i < onnx_input_count(model); i++)
        note_type(onnx_input(model, i).element_type, &f32, &other);
    for (int i = 0; i < onnx_output_count(model); i++)
        note_type(onnx_output(model, i).element_type, &f32, &other);
    return f32 && !other;
}

bool case_describe(struct case_about *out, const char *folder)
{
    char               about[PATH_MAX];
    struct bytes       bytes = {0};
    struct onnx_model *model = NULL;
    struct case_about  found = {.opset = 0};

    if (read_model(&model, &bytes, folder, NULL) == BSR_OK) {
        found.only_f32 = is_only_f32(model);
        describe_operator(&found, model);
    }
    int64_t opset = found.opset;
    snprintf(about, sizeof about, "%s", folder);
    char *suffix = strstr(file_name(about), "_expanded");
    if (suffix) {
        *suffix = '\0';
        onnx_model_free(model);
        model = NULL;
        bytes_clear(&bytes);
        if (read_model(&model, &bytes, about, NULL) == BSR_OK)
            describe_operator(&found, model);
        found.opset = opset ? opset : found.opset;
    }
    onnx_model_free(model);
    bytes_free(&bytes);
    if (!*found.name)
        return false;
    *out = found;
    return true;
}

/* ---- data ------------------------------------------------------------------------------------------ */

static bsr_status read_tensors(struct case_tensors *out, const char *set, const char *kind,
                               struct bsr_error *err)
{
    char path[PATH_MAX + 32];

    for (; out->count < CASE_MAX_TENSORS; out->count++) {
        snprintf(path, sizeof path, "%s/%s_%d.pb", set, kind, out->count);
        if (access(path, F_OK) != 0)
            return BSR_OK;
        bsr_status status = tensor_file_read(&out->items[out->count], NULL, path, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* Why the graph's inputs and outputs are nothing that besra has, or NULL. */
static const char *refuse_value(struct onnx_value value)
{
    if (value.element_type == 0)
        return "sequences, optionals and maps are not supported";
    if (value.element_type == 8)
        return "strings are not supported";
    if (!tensor_type_size(value.element_type))
        return "floats of 8 and 4 bits and integers of 4 and 2 bits are not supported";
    return NULL;
}

static const char *refuse_model(const struct onnx_model *model)
{
    const char *reason = NULL;

    if (onnx_input_count(model) > CASE_MAX_TENSORS || onnx_output_count(model) > CASE_MAX_TENSORS)
        return "too many inputs or outputs";
    for (int i = 0; !reason && i < onnx_input_count(model); i++)
        reason = refuse_value(onnx_input(model, i));
    for (int i = 0; !reason && i < onnx_output_count(model); i++)
        reason = refuse_value(onnx_output(model, i));
    return reason;
}

static struct verdict not_supported(const struct bsr_error *err)
{
    return verdict_make(NOT_SUPPORTED, "%s", err->message);
}

static struct verdict run_set(const struct case_runner *runner, const char *set)
{
    struct bsr_error    err = {0};
    struct case_tensors inputs = {.count = 0}, expected = {.count = 0};
    struct verdict      verdict;

    if (read_tensors(&inputs, set, "input", &err) != BSR_OK ||
        read_tensors(&expected, set, "output", &err) != BSR_OK)
        verdict = not_supported(&err);
    else if (inputs.count != onnx_input_count(runner->model) ||
             expected.count > onnx_output_count(runner->model))
        verdict =
            verdict_make(WRONG, "%d inputs and %d outputs in files, %d and %d in the graph", inputs.count,
                         expected.count, onnx_input_count(runner->model), onnx_output_count(runner->model));
    else
        verdict = case_run_set(runner, &inputs, &expected);
    case_free_tensors(&inputs);
    case_free_tensors(&expected);
    return verdict;
}

static struct verdict run_sets(const struct case_runner *runner, const char *folder)
{
    char           set[PATH_MAX];
    struct verdict verdict = {.outcome = PASSED};
    int            number = 0;

    for (; verdict.outcome == PASSED; number++) {
        snprintf(set, sizeof set, "%s/test_data_set_%d", folder, number);
        if (access(set, F_OK) != 0)
            break;
        verdict = run_set(runner, set);
    }
    return number ? verdict : verdict_make(WRONG, "there is no data set");
}

struct verdict case_run(const char *folder, enum case_engine engine)
{
    struct bsr_error   err = {0};
    struct bytes       bytes = {0};
    struct onnx_model *model = NULL;
    struct case_runner runner = {.model = NULL};
    struct verdict     verdict;

    if (read_model(&model, &bytes, folder, &err) != BSR_OK) {
        bytes_free(&bytes);
        return not_supported(&err);
    }
    runner.model = model;
    const char *refused = refuse_model(model);
    if (refused)
        verdict = verdict_make(NOT_SUPPORTED, "%s", refused);
    else if (case_open(&runner, engine, &bytes, &err) != BSR_OK)
        verdict = not_supported(&err);
    else
        verdict = run_sets(&runner, folder);
    case_close(&runner);
    onnx_model_free(model);
    bytes_free(&bytes);
    return verdict;
}
