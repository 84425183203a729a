/* What becomes of the nodes that OpenCV can't run, and how a model comes without them. */
#include "app/model_check.h"
#include "app/model_engine.h"
#include "pipeline/json_text.h"

#include <string.h>

static const struct onnx_change *find_change(const struct onnx_changes *changes, const char *node,
                                             const char *pass)
{
    for (size_t i = 0; i < changes->count; i++)
        if (strcmp(changes->items[i].node, node) == 0 && (!pass || strcmp(changes->items[i].pass, pass) == 0))
            return &changes->items[i];
    return NULL;
}

static const struct remedy by_besra = {"engine", "run by besra's own operator", false};
static const struct remedy nothing = {0};
static const struct remedy left_out = {"drop-no-ops", "is left out: a debug node", false};

/* Without a net that opened: what would be done. Of a debug node the engine has no operator, but besra has.
 */
static struct remedy guess_remedy(const struct onnx_obstacle *obstacle)
{
    if (!obstacle->has_operator)
        return nothing;
    return strcmp(obstacle->why, "it has no operator of this name") == 0 ? left_out : by_besra;
}

/* What is wrong with the node itself no engine gets over. */
static bool is_faulty(const struct check *check, const struct onnx_obstacle *obstacle)
{
    static const char node[] = "node ";

    for (size_t i = 0; i < check->faults.count; i++) {
        const struct onnx_fault *fault = &check->faults.items[i];
        if (fault->level == ONNX_FAULT_ERROR && strncmp(fault->where, node, sizeof node - 1) == 0 &&
            strcmp(fault->where + sizeof node - 1, obstacle->node) == 0)
            return true;
    }
    return false;
}

struct remedy check_remedy(const struct check *check, const struct onnx_obstacle *obstacle)
{
    const struct onnx_changes *changes = check->engine ? engine_changes(check->engine) : NULL;
    const struct onnx_change  *change = NULL;

    if (is_faulty(check, obstacle))
        return nothing;
    if (!changes)
        return guess_remedy(obstacle);
    change = find_change(changes, obstacle->node, NULL);
    if (!change && strstr(obstacle->why, "32-bit")) { /* nodes of 16-bit floats are all refused for that */
        change = find_change(changes, "the graph", "f16-to-f32");
        if (change)
            return (struct remedy){change->pass, "the graph computes in f32 now", true};
    }
    if (change && (strcmp(change->pass, "fast") == 0 ||
                   strncmp(change->text, "run by besra", strlen("run by besra")) != 0))
        return (struct remedy){change->pass, change->text, false};
    if (change || obstacle->has_operator)
        return by_besra;
    return nothing;
}

const char *check_advice(const struct onnx_obstacle *obstacle)
{
    static const char graphs[] =
        "torch.onnx.export() of a traced model (torch.jit.trace) instead of a scripted one";
    static const char quantised[] = "exporting before quantising, or --qdq=drop";
    static const char sizes[] =
        "a fixed size: export.py without --dynamic, torch.onnx.export() without dynamic_axes, "
        "or besra model simplify --shape";
    static const char older[] =
        "torch.onnx.export(..., opset_version=16), which writes it in smaller operators";
    static const char boxes[] = "exporting without the suppression in the graph (export.py without --nms)";
    static const struct {
        const char *type, *advice;
    } advices[] = {
        {"If", graphs},
        {"Loop", graphs},
        {"Scan", graphs},
        {"QuantizeLinear", quantised},
        {"DequantizeLinear", quantised},
        {"QLinearConv", quantised},
        {"QLinearMatMul", quantised},
        {"ConvInteger", quantised},
        {"MatMulInteger", quantised},
        {"Shape", sizes},
        {"Range", sizes},
        {"ConstantOfShape", sizes},
        {"LayerNormalization", older},
        {"GroupNormalization", older},
        {"Gelu", older},
        {"Mish", older},
        {"HardSwish", older},
        {"NonMaxSuppression", boxes},
        {"NonZero", boxes},
    };

    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (strcmp(obstacle->type, advices[i].type) == 0)
            return advices[i].advice;
    return NULL;
}

/* ---- as JSON ---------------------------------------------------------------------------------------------
 */

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

static json_t *faults_array(const struct onnx_faults *faults)
{
    static const char *const levels[] = {
        [ONNX_FAULT_ERROR] = "error", [ONNX_FAULT_WARNING] = "warning", [ONNX_FAULT_NOTE] = "note"};
    json_t *array = json_array();

    for (size_t i = 0; i < faults->count; i++) {
        const struct onnx_fault *fault = &faults->items[i];
        json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:o}", "level", levels[fault->level], "where",
                                               json_text(fault->where), "what", json_text(fault->what),
                                               "hint", text_or_null(fault->hint)));
    }
    return array;
}

static json_t *obstacles_array(const struct check *check)
{
    json_t *array = json_array();

    for (size_t i = 0; i < check->obstacles.count; i++) {
        const struct onnx_obstacle *obstacle = &check->obstacles.items[i];
        struct remedy               remedy = check_remedy(check, obstacle);
        json_array_append_new(array,
                              json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "node", json_text(obstacle->node),
                                        "op", json_text(obstacle->type), "why", json_text(obstacle->why),
                                        "pass", text_or_null(remedy.pass), "remedy",
                                        text_or_null(remedy.pass ? remedy.text : NULL), "avoided_by",
                                        text_or_null(check_advice(obstacle))));
    }
    return array;
}

json_t *check_object(const struct check *check)
{
    bool ran = check->failure.code == BSR_OK;
    return json_pack("{s:o, s:s, s:o, s:b, s:o, s:o, s:o}", "model", json_text(check->file.card.file),
                     "engine", engine_version(), "inputs", model_engine_shapes(&check->file), "usable",
                     check_is_usable(check), "failure", ran ? json_null() : json_text(check->failure.message),
                     "faults", faults_array(&check->faults), "obstacles", obstacles_array(check));
}
