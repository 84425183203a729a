/* besra eval classify: how often the best class, and one of the best five, is the right one. */
#include "pipeline/eval_classify.h"
#include "app/commands.h"
#include "app/eval.h"
#include "app/terminal.h"
#include "pipeline/json_text.h"
#include "pipeline/plot.h"

#include <stdio.h>

static const char *path_of(const struct run *run, size_t source)
{
    return run->sources.items[source].path;
}

static double percent(size_t part, size_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* The wrong ones come first. */
static size_t worst_count(const struct run *run, const struct eval_classification *result)
{
    size_t wrong = result->all.pictures - result->all.first, asked = (size_t)run->options->worst;
    return asked < wrong ? asked : wrong;
}

/* ---- for people --------------------------------------------------------------------------- */

static void add_counts(struct table *table, const struct eval_class *counts)
{
    table_add(table, STYLE_PLAIN, "%zu", counts->pictures);
    table_add(table, STYLE_PLAIN, "%.2f %%", percent(counts->first, counts->pictures));
    table_add(table, STYLE_PLAIN, "%.2f %%", percent(counts->among, counts->pictures));
}

static void print_classes(const struct eval_classify *eval, const struct eval_classification *result)
{
    struct table table;
    table_start(&table, "rrrl", "pictures|top-1|top-5|class");
    add_counts(&table, &result->all);
    table_add(&table, STYLE_BOLD, "all");
    for (int k = 0; k < result->classes; k++) {
        char space[32];
        if (!result->per_class[k].pictures)
            continue;
        add_counts(&table, &result->per_class[k]);
        table_add(&table, STYLE_PLAIN, "%s", eval_classify_class(eval, k, space));
    }
    table_print(&table, 0);
}

static void print_worst(const struct run *run, const struct eval_classify *eval,
                        const struct eval_classification *result)
{
    size_t       count = worst_count(run, result);
    struct table table;
    if (!count)
        return;
    table_start(&table, "rlll", "score|taken for|truth|surest of what is wrong");
    for (size_t i = 0; i < count; i++) {
        const struct eval_guess *guess = &result->guesses[i];
        char                     space[2][32];
        table_add(&table, STYLE_PLAIN, "%.2f", (double)guess->score);
        table_add(&table, STYLE_PLAIN, "%s", eval_classify_class(eval, guess->best, space[0]));
        table_add(&table, STYLE_PLAIN, "%s", eval_classify_class(eval, guess->truth, space[1]));
        table_add(&table, STYLE_PLAIN, "%s", path_of(run, guess->source));
    }
    putchar('\n');
    table_print(&table, 0);
}

static int print(const struct run *run, const struct eval_classify *eval,
                 const struct eval_classification *result)
{
    table_title("%s: %zu pictures: top-1 %.2f %%, top-5 %.2f %%", run->model.card.name, result->all.pictures,
                percent(result->all.first, result->all.pictures),
                percent(result->all.among, result->all.pictures));
    print_classes(eval, result);
    print_worst(run, eval, result);
    return output_finish();
}

/* ---- for programs ------------------------------------------------------------------------- */

static void put_counts(json_t **object, const struct eval_class *counts)
{
    eval_put(object, "top1", json_real(percent(counts->first, counts->pictures)));
    eval_put(object, "top5", json_real(percent(counts->among, counts->pictures)));
}

static json_t *classes_array(const struct eval_classify *eval, const struct eval_classification *result)
{
    json_t *array = json_array();
    for (int k = 0; array && k < result->classes; k++) {
        char    space[32];
        json_t *one = NULL;
        if (!result->per_class[k].pictures)
            continue;
        one = json_pack("{s:i, s:o, s:I}", "class", k, "name", json_text(eval_classify_class(eval, k, space)),
                        "truth", (json_int_t)result->per_class[k].pictures);
        put_counts(&one, &result->per_class[k]);
        if (json_array_append_new(array, one) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *worst_array(const struct run *run, const struct eval_classification *result)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < worst_count(run, result); i++) {
        const struct eval_guess *guess = &result->guesses[i];
        json_t *one = json_pack("{s:o, s:i, s:i, s:f}", "source", json_text(path_of(run, guess->source)),
                                "truth", guess->truth, "class", guess->best, "score", (double)guess->score);
        if (json_array_append_new(array, one) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static int write_json(const struct run *run, const struct eval_classify *eval,
                      const struct eval_classification *result)
{
    json_t *object = eval_json(run, result->all.pictures);
    put_counts(&object, &result->all);
    eval_put(&object, "classes", classes_array(eval, result));
    if (run->options->worst)
        eval_put(&object, "worst", worst_array(run, result));
    return output_json(run->options, object);
}

/* ---- the command -------------------------------------------------------------------------- */

static const char *class_name(const void *context, int class_index, char space[32])
{
    return eval_classify_class(context, class_index, space);
}

static int draw(const struct run *run, const struct eval_classify *eval,
                const struct eval_classification *result)
{
    struct bytes     matrix = {0};
    struct bsr_error err;

    if (!result->confusion) {
        terminal_say("note: no confusion matrix is drawn of more than %d classes", CONFUSION_MAX_CLASSES);
        return EXIT_DONE;
    }
    if (plot_confusion(&matrix, result->confusion, result->classes, false, class_name, eval, &err) == BSR_OK)
        return eval_write_plot(run, "confusion.svg", &matrix);
    bytes_free(&matrix);
    return run_fail(&err);
}

static int show(const struct run *run, const struct eval_classify *eval)
{
    struct eval_classification result;
    struct bsr_error           err;

    if (eval_classify_finish(&result, eval, &err) != BSR_OK)
        return run_fail(&err);
    int code = run->options->json ? write_json(run, eval, &result) : print(run, eval, &result);
    if (code == EXIT_DONE && run->options->plots)
        code = draw(run, eval, &result);
    eval_classification_free(&result);
    return code;
}

static int evaluate(struct run *run, const struct options *options)
{
    struct eval_classify_options how = {
        .classify = {.fit = (enum classify_fit)options->fit, /* in the same order */
                     .scores = (enum classify_scores)options->scores,
                     .shrinking = (enum shrinking)options->shrink_on_load},
        .as_stored =
            options->profile != PROFILE_CARD ? options->profile == PROFILE_IGNORE : run->model.card.as_stored,
        .truth = options->truth,
    };
    struct eval_classify *eval = NULL;
    struct bytes          notes = {0};
    struct bsr_error      err;

    bsr_status status = eval_classify_open(&eval, &run->job, &how, &notes, &err);
    run_say_notes(run, &notes, true);
    bytes_free(&notes);
    if (status != BSR_OK)
        return run_fail(&err);
    int code = run_batch(run, eval_classify_work, eval);
    if (run->report.done)
        code = eval_exit_code(code, show(run, eval));
    eval_classify_close(eval);
    return code;
}

int eval_classify_command(const struct options *options)
{
    struct run       run;
    struct bsr_error err;

    if (!*options->model) {
        bsr_fail(&err, BSR_EUSAGE, "--model", "which? besra ships no classifier");
        bsr_hint(&err, "besra eval classify -m net.onnx ...; besra model list shows what there is");
        return run_fail(&err);
    }
    if (!eval_has_truth(options, "a table of files and classes (.csv)"))
        return EXIT_WRONG_USAGE;
    int code = run_open(&run, options, CARD_CLASSIFY, "right");
    if (code == EXIT_DONE)
        code = evaluate(&run, options);
    run_close(&run);
    return code;
}
