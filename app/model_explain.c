/* besra model explain: what besra changes in a model to run it. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_engine.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "pipeline/json_text.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PASSES = 32 };

/* How often each pass did something, in the order in which they came up. */
struct tally {
    const char *pass;
    size_t      count;
};

static int count_passes(struct tally tally[MAX_PASSES], const struct onnx_changes *changes)
{
    int passes = 0;

    for (size_t i = 0; i < changes->count; i++) {
        int at = 0;
        while (at < passes && strcmp(tally[at].pass, changes->items[i].pass) != 0)
            at++;
        if (at == passes && passes == MAX_PASSES)
            continue;
        if (at == passes)
            tally[passes++] = (struct tally){.pass = changes->items[i].pass};
        tally[at].count++;
    }
    return passes;
}

/* A Constant node that is an initializer now, or one that nothing reads any more: nothing to think about. */
static bool is_trivial(const struct onnx_change *change)
{
    static const char constant[] = " (Constant)";
    size_t            length = strlen(change->node), end = sizeof constant - 1;

    return strcmp(change->pass, "remove-dead") == 0 ||
           (strcmp(change->pass, "fold-constants") == 0 && length > end &&
            strcmp(change->node + length - end, constant) == 0);
}

/* No change of the graph, and often most of its nodes. */
static bool is_fast(const struct onnx_change *change)
{
    return strcmp(change->pass, "fast") == 0;
}

static void print_changes(const struct onnx_changes *changes, bool all)
{
    struct table table;
    size_t       passed_over = 0, fast = 0;

    table_start(&table, "llw", "pass|before|what became of it");
    for (size_t i = 0; i < changes->count; i++) {
        if (!all && (is_trivial(&changes->items[i]) || is_fast(&changes->items[i]))) {
            passed_over++;
            fast += is_fast(&changes->items[i]);
            continue;
        }
        table_add(&table, STYLE_GOOD, "%s", changes->items[i].pass);
        table_add(&table, STYLE_PLAIN, "%s", changes->items[i].node);
        table_add(&table, STYLE_PLAIN, "%s", changes->items[i].text);
    }
    if (passed_over < changes->count)
        table_print(&table, 0);
    else
        table_drop(&table);
    if (fast)
        table_line(STYLE_DIM, "%zu node%s run by besra's kernels, for speed (-v shows them)", fast,
                   fast == 1 ? "" : "s");
    passed_over -= fast;
    if (passed_over)
        table_line(STYLE_DIM, "%zu constant%s and dead nodes taken out (-v shows them)", passed_over,
                   passed_over == 1 ? "" : "s");
}

/* "fold-constants 121, drop-no-ops 4" */
static void print_sum(const char *what, const struct onnx_changes *changes)
{
    struct tally tally[MAX_PASSES];
    struct bytes text = {0};
    int          passes = count_passes(tally, changes);

    for (int i = 0; i < passes; i++)
        bytes_append_format(&text, "%s%s %zu", i ? ", " : "", tally[i].pass, tally[i].count);
    if (changes->count)
        table_line(STYLE_BOLD, "%s: %zu change%s: %s", what, changes->count, changes->count == 1 ? "" : "s",
                   bytes_text(&text));
    else
        table_line(STYLE_BOLD, "%s: nothing to change", what);
    bytes_free(&text);
}

static json_t *changes_array(const struct onnx_changes *changes)
{
    json_t *array = json_array();
    for (size_t i = 0; i < changes->count; i++)
        json_array_append_new(array, json_pack("{s:o, s:o, s:o}", "pass", json_text(changes->items[i].pass),
                                               "before", json_text(changes->items[i].node), "after",
                                               json_text(changes->items[i].text)));
    return array;
}

static json_t *explain_object(const struct model_file *file, const struct onnx_changes *lifted,
                              const struct onnx_changes *changes)
{
    return json_pack("{s:o, s:s, s:o, s:o, s:o}", "model", json_text(file->card.file), "engine",
                     engine_version(), "inputs", model_engine_shapes(file), "pictures", changes_array(lifted),
                     "changes", changes_array(changes));
}

static int print_all(const struct model_file *file, const struct onnx_changes *lifted,
                     const struct onnx_changes *changes, const struct options *options)
{
    if (options->json)
        return output_json(options, explain_object(file, lifted, changes));
    if (lifted->count) {
        table_title("For pictures (detect, upscale, classify) besra does itself:");
        print_changes(lifted, true);
        putchar('\n');
    }
    if (changes->count) {
        table_title("To run the graph:");
        print_changes(changes, options->verbose > 0);
        putchar('\n');
    }
    print_sum(file->card.file, changes);
    return output_finish();
}

static int explain(struct model_file *file, const struct options *options)
{
    struct onnx_changes lifted = {0};
    struct engine      *engine = NULL;
    struct bsr_error    err;
    bsr_status          status = model_file_assume(file, &err);

    if (status == BSR_OK)
        status = model_engine_open(&engine, file, options, &err);
    if (status == BSR_OK)
        status = model_engine_lift(&lifted, file, &err);
    int code = exit_code_of(status);
    if (status == BSR_OK)
        code = print_all(file, &lifted, engine_changes(engine), options);
    else
        terminal_error(&err);
    onnx_changes_free(&lifted);
    engine_close(engine);
    return code;
}

int model_explain_command(const struct options *options)
{
    struct model_file file = {0};
    int               code = model_file_open(&file, options);

    if (code == EXIT_DONE)
        code = explain(&file, options);
    model_file_close(&file);
    return code;
}
