/* besra model check: whether a model will run, and what is wrong with it. */
#include "app/model_check.h"

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_engine.h"
#include "app/terminal.h"

#include <stdio.h>
#include <string.h>

enum { FEW_NOTES = 8, GAP = 2 };

static const enum table_style level_styles[] = {
    [ONNX_FAULT_ERROR] = STYLE_BAD, [ONNX_FAULT_WARNING] = STYLE_WARN, [ONNX_FAULT_NOTE] = STYLE_DIM};
static const char *const level_names[] = {
    [ONNX_FAULT_ERROR] = "error", [ONNX_FAULT_WARNING] = "warning", [ONNX_FAULT_NOTE] = "note"};

bool check_is_usable(const struct check *check)
{
    return !check->levels[ONNX_FAULT_ERROR] && check->failure.code == BSR_OK;
}

/* ---- finding
 * ------------------------------------------------------------------------------------------------ */

/* What the engine makes of it is an answer, not a failure of the check; but memory. */
static bsr_status try_engine(struct check *check, const struct options *options, struct bsr_error *err)
{
    bsr_status status = model_engine_open(&check->engine, &check->file, options, &check->failure);

    if (status == BSR_OK)
        status = model_engine_try(check->engine, &check->file, options->seed, &check->failure);
    if (status == BSR_OK)
        check->failure.code = BSR_OK;
    return status == BSR_ENOMEM || status == BSR_EMISSING
               ? bsr_fail(err, status, check->failure.subject, "%s", check->failure.message)
               : BSR_OK;
}

/* A graph that goes round in circles has no obstacles: that it does is among the faults. */
static bsr_status find_obstacles(struct check *check, struct bsr_error *err)
{
    bsr_status status = onnx_find_obstacles(&check->obstacles, check->file.model, check->file.chosen.items,
                                            check->file.chosen.count, engine_supports, NULL, err);
    return status == BSR_EMODEL ? BSR_OK : status;
}

static bsr_status find(struct check *check, const struct options *options, struct bsr_error *err)
{
    bsr_status status = onnx_find_faults(&check->faults, check->file.model, err);

    for (size_t i = 0; i < check->faults.count; i++)
        check->levels[check->faults.items[i].level]++;
    if (status == BSR_OK)
        status = model_file_assume(&check->file, err);
    if (status == BSR_OK)
        status = find_obstacles(check, err);
    return status == BSR_OK ? try_engine(check, options, err) : status;
}

/* ---- faults
 * ------------------------------------------------------------------------------------------------- */

/* Errors first; notes, which may be many, only the first few without -v. */
static void print_faults(const struct check *check, bool all)
{
    struct table table;
    size_t       notes = 0;

    if (!check->faults.count)
        return;
    table_title("%s", check->levels[ONNX_FAULT_NOTE] == check->faults.count ? "Notes" : "Faults");
    table_start(&table, "llw", NULL);
    for (int level = ONNX_FAULT_ERROR; level <= ONNX_FAULT_NOTE; level++)
        for (size_t i = 0; i < check->faults.count; i++) {
            const struct onnx_fault *fault = &check->faults.items[i];
            if ((int)fault->level != level || (level == ONNX_FAULT_NOTE && ++notes > FEW_NOTES && !all))
                continue;
            table_add(&table, level_styles[level], "%s", level_names[level]);
            table_add(&table, STYLE_PLAIN, "%s", fault->where);
            table_add(&table, STYLE_PLAIN, "%s%s%s", fault->what, fault->hint ? "; " : "",
                      fault->hint ? fault->hint : "");
        }
    table_print(&table, GAP);
    if (notes > FEW_NOTES && !all)
        table_line(STYLE_DIM, "  and %zu more notes (-v shows them)", notes - FEW_NOTES);
    putchar('\n');
}

/* ---- obstacles
 * ------------------------------------------------------------------------------------------------ */

static bool are_alike(const struct check *check, const struct onnx_obstacle *a, const struct onnx_obstacle *b)
{
    struct remedy one = check_remedy(check, a), other = check_remedy(check, b);

    if (one.of_graph && other.of_graph)
        return one.text == other.text;
    return strcmp(a->type, b->type) == 0 && strcmp(a->why, b->why) == 0 && !one.pass == !other.pass &&
           (!one.pass || strcmp(one.pass, other.pass) == 0);
}

/* Whether an earlier one has told the same; else how many there are. */
static size_t count_alike(const struct check *check, size_t index)
{
    const struct onnx_obstacle *items = check->obstacles.items;
    size_t                      count = 1;

    for (size_t i = 0; i < index; i++)
        if (are_alike(check, &items[i], &items[index]))
            return 0;
    for (size_t i = index + 1; i < check->obstacles.count; i++)
        count += are_alike(check, &items[i], &items[index]);
    return count;
}

static void print_obstacle(struct table *table, const struct check *check,
                           const struct onnx_obstacle *obstacle, size_t count)
{
    struct remedy remedy = check_remedy(check, obstacle);
    const char   *advice = check_advice(obstacle);

    table_add(table, STYLE_PLAIN, "%s", obstacle->node);
    if (count > 1)
        table_add(table, STYLE_DIM, "+ %zu", count - 1);
    else
        table_add(table, STYLE_DIM, "%s", "");
    table_add(table, STYLE_PLAIN, "%s", obstacle->why);
    if (remedy.pass)
        table_add(table, STYLE_GOOD, "%s: %s", remedy.pass, remedy.text);
    else
        table_add(table, STYLE_BAD, "nothing%s%s", advice ? "; it is avoided by " : "",
                  advice                   ? advice
                  : obstacle->has_operator ? ""
                                           : "; load its plugin with --ops, or export the model without it");
}

/* The ways round what besra's own operators do slower than OpenCV would something else. */
static void print_advice(const struct check *check)
{
    for (size_t i = 0; i < check->obstacles.count; i++) {
        const struct onnx_obstacle *obstacle = &check->obstacles.items[i];
        const char *pass = check_remedy(check, obstacle).pass, *advice = check_advice(obstacle);
        if (advice && pass && strcmp(pass, "engine") == 0 && count_alike(check, i))
            table_line(STYLE_DIM, "  %s is avoided by %s", obstacle->type, advice);
    }
}

static void print_obstacles(const struct check *check, bool all)
{
    struct table table;

    if (!check->obstacles.count)
        return;
    table_title("What %s can't run", engine_version());
    table_start(&table, "lllw", "node||why|what besra does");
    for (size_t i = 0; i < check->obstacles.count; i++) {
        size_t count = all ? 1 : count_alike(check, i);
        if (count)
            print_obstacle(&table, check, &check->obstacles.items[i], count);
    }
    table_print(&table, GAP);
    print_advice(check);
    putchar('\n');
}

/* ---- the verdict
 * ------------------------------------------------------------------------------------------------ */

/* Nodes of the file that besra's operators run, or, where shapes depend on values, of the prepared graph. */
static size_t count_own(const struct check *check)
{
    const struct onnx_changes *changes = engine_changes(check->engine);
    size_t                     asked = 0, told = 0;

    for (size_t i = 0; i < check->obstacles.count; i++) {
        const char *pass = check_remedy(check, &check->obstacles.items[i]).pass;
        asked += pass && strcmp(pass, "engine") == 0;
    }
    for (size_t i = 0; i < changes->count; i++)
        told += strcmp(changes->items[i].pass, "engine") == 0;
    return asked > told ? asked : told;
}

/* Nodes of the prepared graph that besra's kernels run, which is no matter of what OpenCV can. */
static size_t count_fast(const struct check *check)
{
    const struct onnx_changes *changes = engine_changes(check->engine);
    size_t                     count = 0;

    for (size_t i = 0; i < changes->count; i++)
        count += strcmp(changes->items[i].pass, "fast") == 0;
    return count;
}

/* An input whose numbers decide over shapes: once it is frozen, OpenCV can run what comes behind. */
static void print_deciding_input(const struct check *check)
{
    bool depends = false;

    for (size_t i = 0; i < check->obstacles.count; i++)
        depends |= strstr(check->obstacles.items[i].why, "depends on values") != NULL;
    for (int i = 0; depends && i < onnx_input_count(check->file.model); i++) {
        struct onnx_value        input = onnx_input(check->file.model, i);
        const struct onnx_named *choice = feeds_find(&check->file.chosen, input.name);
        if (input.dims <= 1 && !(choice && choice->tensor.data))
            table_line(STYLE_WARN,
                       "shapes depend on what is in '%s': with --freeze %s=NUMBERS more of it runs in %s",
                       input.name, input.name, engine_version());
    }
}

/* What it failed at, where that is not the model as a whole. */
static void print_failure(const struct check *check)
{
    const struct bsr_error *failure = &check->failure;
    const char             *name = check->file.card.file;
    bool                    part = *failure->subject && strcmp(failure->subject, name) != 0;

    table_line(STYLE_BAD, "%s: not usable: %s%s%s", name, part ? failure->subject : "", part ? ": " : "",
               failure->message);
    if (*failure->hint)
        table_line(STYLE_DIM, "  %s", failure->hint);
}

static void print_verdict(const struct check *check)
{
    const char *name = check->file.card.file;
    size_t      own = check->engine ? count_own(check) : 0;
    size_t      fast = check->engine ? count_fast(check) : 0;

    if (check->engine)
        print_deciding_input(check);

    if (check->levels[ONNX_FAULT_ERROR])
        table_line(STYLE_BAD, "%s: not usable: %zu error%s", name, check->levels[ONNX_FAULT_ERROR],
                   check->levels[ONNX_FAULT_ERROR] == 1 ? "" : "s");
    else if (check->failure.code != BSR_OK)
        print_failure(check);
    else if (own)
        table_line(STYLE_GOOD, "%s: usable: it ran, %zu of its nodes by besra's own operators", name, own);
    else if (fast)
        table_line(STYLE_GOOD, "%s: usable: it ran, by %s and besra's kernels (%zu nodes)", name,
                   engine_version(), fast);
    else
        table_line(STYLE_GOOD, "%s: usable: it ran, all of it by %s", name, engine_version());
}

static int tell(const struct check *check, const struct options *options)
{
    int code;

    if (options->json) {
        code = output_json(options, check_object(check));
    } else {
        print_faults(check, options->verbose > 0);
        print_obstacles(check, options->verbose > 0);
        print_verdict(check);
        code = output_finish();
    }
    return code == EXIT_DONE && !check_is_usable(check) ? EXIT_BAD_MODEL : code;
}

int model_check_command(const struct options *options)
{
    struct check     check = {0};
    struct bsr_error err;
    int              code = model_file_open(&check.file, options);

    if (code != EXIT_DONE)
        return code;
    bsr_status status = find(&check, options, &err);
    if (status == BSR_OK) {
        code = tell(&check, options);
    } else {
        terminal_error(&err);
        code = exit_code_of(status);
    }
    engine_close(check.engine);
    onnx_obstacles_free(&check.obstacles);
    onnx_faults_free(&check.faults);
    model_file_close(&check.file);
    return code;
}
