/* What a bisection leaves in a folder: models, tensors, and the command that shows it all again. */
#include "base/file.h"
#include "engine/engine.h"
#include "pipeline/bisect.h"
#include "pipeline/compare_folder.h"

#include <string.h>

/* Where it all goes. */
struct reproducer {
    const struct bisection *bisection;
    const char             *folder;
    bool                    overwrite;
};

static bsr_status write_file(const struct reproducer *to, const char *name, const void *data, size_t size,
                             struct bsr_error *err)
{
    struct bytes path = {0};

    bytes_append_format(&path, "%s/%s", to->folder, name);
    bsr_status status = path.failed ? bsr_fail_memory(err, name, path.size)
                                    : file_write(bytes_text(&path), data, size, to->overwrite, false, err);
    bytes_free(&path);
    return status;
}

/* What stands for a side on the command line. */
static const char *operand(const struct bisection *bisection, int side)
{
    bool both = bisection->models[0] && bisection->models[1];

    if (!bisection->models[side] && !bisection->shared)
        return side ? "b" : "a"; /* its folder */
    return !both ? "model.onnx" : side ? "model_b.onnx" : "model_a.onnx";
}

static bsr_status write_models(const struct reproducer *to, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < 2; i++) {
        struct bytes bytes = {0};
        if (!to->bisection->models[i])
            continue;
        status = onnx_model_write(to->bisection->models[i], &bytes, err);
        if (status == BSR_OK)
            status = write_file(to, operand(to->bisection, i), bytes.data, bytes.size, err);
        bytes_free(&bytes);
    }
    return status;
}

/* ---- tensors ----------------------------------------------------------------------------------------- */

/* Whether two inputs' files would have one name. */
static bool is_taken(const struct feeds *inputs, int index)
{
    struct bytes name = {0}, other = {0};
    bool         taken = false;

    compare_file_name(&name, inputs->items[index].name);
    for (int i = 0; i < index && !taken; i++) {
        bytes_clear(&other);
        compare_file_name(&other, inputs->items[i].name);
        taken = strcmp(bytes_text(&name), bytes_text(&other)) == 0;
    }
    bytes_free(&name);
    bytes_free(&other);
    return taken;
}

/* The input's file, without ".npy". An '=' would end the input's name in --input. */
static void append_input_name(struct bytes *out, const struct feeds *inputs, int index)
{
    if (strchr(inputs->items[index].name, '=') || is_taken(inputs, index))
        bytes_append_format(out, "input_%d", index);
    else
        compare_file_name(out, inputs->items[index].name);
}

static bsr_status write_tensor(const struct reproducer *to, const char *where, const char *name,
                               const struct bsr_tensor *tensor, struct bsr_error *err)
{
    struct bytes folder = {0};

    bytes_append_format(&folder, "%s/%s", to->folder, where);
    bsr_status status = folder.failed
                            ? bsr_fail_memory(err, name, folder.size)
                            : compare_folder_write(bytes_text(&folder), name, tensor, to->overwrite, err);
    bytes_free(&folder);
    return status;
}

static bsr_status write_tensors(const struct reproducer *to, struct bsr_error *err)
{
    const struct bisection *bisection = to->bisection;
    bsr_status              status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < bisection->inputs.count; i++) {
        struct bytes name = {0};
        append_input_name(&name, &bisection->inputs, i);
        status = name.failed
                     ? bsr_fail_memory(err, to->folder, name.size)
                     : write_tensor(to, "inputs", bytes_text(&name), &bisection->inputs.items[i].tensor, err);
        bytes_free(&name);
    }
    for (int i = 0; status == BSR_OK && i < 2; i++)
        status = write_tensor(to, i ? "b" : "a", bisection->names[i], &bisection->outputs[i], err);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------- */

/* In single quotes, which keep everything but themselves. */
static void append_quoted(struct bytes *script, const char *text)
{
    bytes_append_text(script, "'");
    for (; *text; text++)
        if (*text == '\'')
            bytes_append_text(script, "'\\''");
        else
            bytes_append(script, text, 1);
    bytes_append_text(script, "'");
}

/* A name out of a model must not end the comment that it stands in. */
static void append_remark(struct bytes *script, const char *name)
{
    for (; *name; name++)
        bytes_append_format(script, "%c", (unsigned char)*name < ' ' || *name == 0x7F ? '?' : *name);
}

static void append_head(struct bytes *script, const struct bisection *bisection)
{
    const struct difference *difference = &bisection->difference;

    bytes_append_format(script,
                        "#!/bin/sh\n# The smallest part in which the two still part: %d node%s, up to '",
                        bisection->nodes, bisection->nodes == 1 ? "" : "s");
    append_remark(script, bisection->names[0]);
    bytes_append_text(script, "'.\n# ");
    if (difference->shapes_differ)
        bytes_append_format(script, "The shapes are %s and %s.",
                            tensor_shape_text(&bisection->outputs[0]).text,
                            tensor_shape_text(&bisection->outputs[1]).text);
    else
        bytes_append_format(script, "%zu of %zu numbers differ, the largest by %.6g.", difference->beyond,
                            difference->count, difference->largest);
    bytes_append_format(script,
                        "\n# Found with besra %s, %s. What the two made is in a/ and b/.\n"
                        "# Ends with 1 when they part again, with 0 when they don't.\n"
                        "cd \"$(dirname \"$0\")\" || exit 2\n"
                        "exec \"${BESRA:-besra}\" model compare",
                        bsr_version(), engine_version());
}

static void append_inputs(struct bytes *script, const struct feeds *inputs)
{
    for (int i = 0; i < inputs->count; i++) {
        struct bytes text = {0};
        if (!strchr(inputs->items[i].name, '='))
            bytes_append_format(&text, "%s=", inputs->items[i].name);
        bytes_append_text(&text, "inputs/");
        append_input_name(&text, inputs, i);
        bytes_append_text(&text, ".npy");
        script->failed |= text.failed;
        bytes_append_text(script, " \\\n    --input ");
        append_quoted(script, bytes_text(&text));
        bytes_free(&text);
    }
}

static bsr_status write_script(const struct reproducer *to, const char *const *arguments, int argument_count,
                               struct bsr_error *err)
{
    const struct bisection *bisection = to->bisection;
    struct bytes            script = {0};

    append_head(&script, bisection);
    for (int i = 0; i < argument_count; i++) {
        bytes_append_text(&script, " ");
        append_quoted(&script, arguments[i]);
    }
    if (strcmp(bisection->names[0], bisection->names[1]) != 0) {
        struct bytes at = {0};
        bytes_append_format(&at, "%s=%s", bisection->names[0], bisection->names[1]);
        script.failed |= at.failed;
        bytes_append_text(&script, " \\\n    --at ");
        append_quoted(&script, bytes_text(&at));
        bytes_free(&at);
    }
    append_inputs(&script, &bisection->inputs);
    bytes_append_format(&script, " \\\n    \"$@\" %s %s\n", operand(bisection, 0),
                        bisection->shared ? "" : operand(bisection, 1));
    bsr_status status = script.failed ? bsr_fail_memory(err, to->folder, script.size)
                                      : write_file(to, "reproduce.sh", script.data, script.size, err);
    bytes_free(&script);
    return status;
}

bsr_status bisection_write(const struct bisection *bisection, const char *const *arguments,
                           int argument_count, const char *folder, bool overwrite, struct bsr_error *err)
{
    const struct reproducer to = {.bisection = bisection, .folder = folder, .overwrite = overwrite};
    bsr_status              status = file_make_folders(folder, err);

    if (status == BSR_OK)
        status = write_models(&to, err);
    if (status == BSR_OK)
        status = write_tensors(&to, err);
    if (status == BSR_OK)
        status = write_script(&to, arguments, argument_count, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace what is there with --overwrite, or name another folder");
    return status;
}
