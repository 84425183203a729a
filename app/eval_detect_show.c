#include "app/eval_detect_show.h"

#include "pipeline/json_text.h"

#include <math.h>
#include <stdio.h>

static const char *const areas[AP_AREAS] = {"all", "small", "medium", "large"};

static int scored_classes(const struct eval_detection *result)
{
    int scored = 0;
    for (int k = 0; k < result->classes; k++)
        scored += result->per_class[k].truths > 0;
    return scored;
}

static const char *path_of(const struct run *run, size_t source)
{
    return run->sources.items[source].path;
}

static size_t worst_count(const struct run *run, const struct eval_detection *result)
{
    size_t asked = (size_t)run->options->worst;
    return asked < result->picture_count ? asked : result->picture_count;
}

/* ---- for people --------------------------------------------------------------------------- */

/* A part of one, or nothing where there is none. */
static void add_part(struct table *table, double part)
{
    if (isnan(part))
        table_add(table, STYLE_DIM, "-");
    else
        table_add(table, STYLE_PLAIN, "%.4f", part);
}

static void print_sizes(const struct eval_detection *result)
{
    struct table table;
    table_start(&table, "lrrrrr", "things|how many|AP|AP50|AP75|recall");
    for (int area = 0; area < AP_AREAS; area++) {
        const struct ap_score *mean = &result->mean[area];
        table_add(&table, area == AP_ALL ? STYLE_BOLD : STYLE_PLAIN, "%s", areas[area]);
        table_add(&table, STYLE_PLAIN, "%zu", mean->truths);
        add_part(&table, mean->ap);
        add_part(&table, mean->ap50);
        add_part(&table, mean->ap75);
        add_part(&table, mean->recall);
    }
    table_print(&table, 0);
}

static void print_classes(const struct eval_detect *eval, const struct eval_detection *result)
{
    struct table table;
    table_start(&table, "lrrrrrr", "class|how many|AP|AP50|best --conf|precision|recall");
    for (int k = 0; k < result->classes; k++) {
        const struct ap_score *score = &result->per_class[k];
        const struct ap_curve *curve = &result->curves[k];
        if (!score->truths)
            continue;
        table_add(&table, STYLE_PLAIN, "%s", eval_detect_class(eval, k));
        table_add(&table, STYLE_PLAIN, "%zu", score->truths);
        add_part(&table, score->ap);
        add_part(&table, score->ap50);
        table_add(&table, STYLE_DIM, "%.3f", curve->best.score);
        table_add(&table, STYLE_DIM, "%.3f", curve->best.precision);
        table_add(&table, STYLE_DIM, "%.3f", curve->best.recall);
    }
    putchar('\n');
    table_print(&table, 0);
}

static void print_worst(const struct run *run, const struct eval_detection *result)
{
    size_t       count = worst_count(run, result);
    struct table table;
    if (!count)
        return;
    table_start(&table, "rrrrrl", "F1|right|another class|missed|of nothing|the worst pictures");
    for (size_t i = 0; i < count; i++) {
        const struct eval_picture *picture = &result->pictures[i];
        table_add(&table, STYLE_PLAIN, "%.3f", picture->f1);
        table_add(&table, STYLE_PLAIN, "%zu", picture->tally.correct);
        table_add(&table, STYLE_PLAIN, "%zu", picture->tally.confused);
        table_add(&table, STYLE_PLAIN, "%zu", picture->tally.missed);
        table_add(&table, STYLE_PLAIN, "%zu", picture->tally.extra);
        table_add(&table, STYLE_PLAIN, "%s", path_of(run, picture->source));
    }
    putchar('\n');
    table_print(&table, 0);
}

int eval_detect_print(const struct run *run, const struct eval_detect *eval,
                      const struct eval_detection *result, const struct confusion_limits *at)
{
    const struct confusion_tally *tally = &result->tally;

    table_title("%s: %zu pictures, %zu things of %d classes", run->model.card.name, result->picture_count,
                result->mean[AP_ALL].truths, scored_classes(result));
    print_sizes(result);
    print_classes(eval, result);
    putchar('\n');
    table_line(
        STYLE_PLAIN,
        "at a score of %g and an IoU of %g: %zu right, %zu taken for another class, %zu missed, %zu found "
        "where nothing is",
        at->score, at->overlap, tally->correct, tally->confused, tally->missed, tally->extra);
    print_worst(run, result);
    return output_finish();
}

/* ---- for programs ------------------------------------------------------------------------- */

static json_t *classes_array(const struct eval_detect *eval, const struct eval_detection *result)
{
    json_t *array = json_array();
    for (int k = 0; k < result->classes; k++) {
        const struct ap_score *score = &result->per_class[k];
        const struct ap_curve *curve = &result->curves[k];
        if (!score->truths)
            continue;
        json_t *one = json_pack("{s:i, s:o, s:f, s:f, s:I, s:{s:f, s:f, s:f}}", "class", k, "name",
                                json_text(eval_detect_class(eval, k)), "ap", score->ap, "ap50", score->ap50,
                                "truth", (json_int_t)score->truths, "best", "score", curve->best.score,
                                "precision", curve->best.precision, "recall", curve->best.recall);
        if (json_array_append_new(array, one) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *tally_object(const struct confusion_tally *tally)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "right", (json_int_t)tally->correct, "confused",
                     (json_int_t)tally->confused, "missed", (json_int_t)tally->missed, "extra",
                     (json_int_t)tally->extra);
}

static json_t *worst_array(const struct run *run, const struct eval_detection *result)
{
    json_t *array = json_array();
    for (size_t i = 0; i < worst_count(run, result); i++) {
        const struct eval_picture *picture = &result->pictures[i];
        json_t                    *one = tally_object(&picture->tally);
        eval_put(&one, "source", json_text(path_of(run, picture->source)));
        eval_put(&one, "f1", json_real(picture->f1));
        if (json_array_append_new(array, one) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

int eval_detect_json(const struct run *run, const struct eval_detect *eval,
                     const struct eval_detection *result, const struct confusion_limits *at)
{
    static const char *const keys[AP_AREAS] = {"map", "map_small", "map_medium", "map_large"};
    const struct ap_score   *mean = &result->mean[AP_ALL];
    json_t                  *object = eval_json(run, result->picture_count);

    eval_put(&object, "truth", json_integer((json_int_t)mean->truths));
    for (int area = 0; area < AP_AREAS; area++)
        eval_put(&object, keys[area], json_number(result->mean[area].ap));
    eval_put(&object, "map50", json_number(mean->ap50));
    eval_put(&object, "map75", json_number(mean->ap75));
    eval_put(&object, "recall", json_number(mean->recall));
    eval_put(&object, "classes", classes_array(eval, result));
    json_t *judged = tally_object(&result->tally);
    eval_put(&judged, "score", json_real(at->score));
    eval_put(&judged, "iou", json_real(at->overlap));
    eval_put(&object, "at", judged);
    if (run->options->worst)
        eval_put(&object, "worst", worst_array(run, result));
    return output_json(run->options, object);
}
