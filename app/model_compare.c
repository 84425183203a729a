/* besra model compare: tensor by tensor, where two models, two engines of one, or a model and a folder of
 * .npy files part. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "engine/engine.h"
#include "onnx/edit.h"
#include "onnx/inspect/inspect.h"
#include "pipeline/feeds.h"
#include "pipeline/json_text.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { AT_ONCE = 16, EXIT_DIFFERENT = EXIT_SOME_FAILED }; /* tensors in memory; a run gives so many */

#define MAX_NPY_BYTES ((size_t)4 << 30)

/* A or B: a model with what runs it, or a folder of files. */
struct side {
    struct model_file file;
    const char       *folder; /* or NULL */
    const char       *backend;
};

/* A pair of tensors to be compared. */
struct pair {
    char       *label;
    const char *names[2]; /* in A and B; of a folder, the label is what its file's name ends in */
};

struct pairs {
    struct pair *items;
    int          count, capacity;
};

struct difference {
    size_t count, beyond; /* elements; those that differ by more than is allowed */
    double largest, mean, square, cosine;
    size_t odd; /* NaN or infinite in one and not the same in the other */
    bool   shapes_differ;
};

/* ---- sides -------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bsr_status open_side(struct side *side, const char *path, const struct options *options,
                            struct bsr_error *err)
{
    if (is_folder(path)) {
        side->folder = path;
        return BSR_OK;
    }
    bsr_status status = model_file_read(&side->file, path, err);
    for (size_t i = 0; status == BSR_OK && i < options->shapes.count; i++)
        status = model_inputs_add_shape(&side->file.chosen, side->file.model, options->shapes.items[i], err);
    return status;
}

static void close_side(struct side *side)
{
    if (side->file.model)
        model_file_close(&side->file);
}

/* folder/LABEL.npy, or folder/debug_LABEL.npy; slashes of the label are underscores. */
static bsr_status read_file(struct bsr_tensor *out, const char *folder, const char *label,
                            struct bsr_error *err)
{
    static const char *const patterns[] = {"%s/%s.npy", "%s/debug_%s.npy"};
    struct bytes             path = {0}, file = {0};
    bsr_status               status = BSR_EMISSING;

    for (size_t i = 0; status == BSR_EMISSING && i < sizeof patterns / sizeof *patterns; i++) {
        bytes_clear(&path);
        bytes_append_format(&path, i ? "%s/debug_%s.npy" : "%s/%s.npy", folder, label);
        for (size_t k = strlen(folder) + 1; k < path.size; k++)
            path.data[k] = path.data[k] == '/' ? '_' : path.data[k];
        status = path.failed ? bsr_fail_memory(err, label, path.size)
                             : file_read(&file, bytes_text(&path), MAX_NPY_BYTES, err);
    }
    if (status == BSR_OK)
        status = npy_read(out, file.data, file.size, bytes_text(&path), err);
    bytes_free(&path);
    bytes_free(&file);
    return status;
}

/* Runs the model with `names` as further outputs; out[i] are copies. */
static bsr_status run_model(struct bsr_tensor *out, const struct side *side, const struct feeds *feeds,
                            const char *const *names, int count, struct bsr_error *err)
{
    struct engine_value        inputs[64];
    const struct engine_value *outputs = NULL;
    struct onnx_model         *model = NULL;
    struct engine             *engine = NULL;
    struct bytes               bytes = {0};
    int                        output_count = 0, input_count = 0;

    for (int i = 0; i < onnx_input_count(side->file.model) && i < 64; i++) {
        const struct onnx_named *feed = feeds_find(feeds, onnx_input(side->file.model, i).name);
        if (feed)
            inputs[input_count++] = (struct engine_value){.name = feed->name, .tensor = feed->tensor};
    }
    bsr_status status = onnx_model_copy(&model, side->file.model, err);
    if (status == BSR_OK)
        status = onnx_add_outputs(model, names, count, err);
    if (status == BSR_OK)
        status = onnx_model_write(model, &bytes, err);
    if (status == BSR_OK)
        status = engine_open(&engine, bytes.data, bytes.size,
                             &(struct engine_options){.backend = side->backend}, side->file.card.file, err);
    if (status == BSR_OK)
        status = engine_run_any(engine, inputs, input_count, &outputs, &output_count, err);
    for (int i = 0; status == BSR_OK && i < count; i++)
        for (int k = 0; status == BSR_OK && k < output_count; k++)
            if (!out[i].data && strcmp(outputs[k].name, names[i]) == 0)
                status = tensor_copy(&out[i], &outputs[k].tensor, err);
    engine_close(engine);
    onnx_model_free(model);
    bytes_free(&bytes);
    return status;
}

static bsr_status fetch(struct bsr_tensor *out, const struct side *side, int which, const struct feeds *feeds,
                        const struct pair *pairs, int count, struct bsr_error *err)
{
    const char *names[AT_ONCE];
    bsr_status  status = BSR_OK;

    for (int i = 0; i < count; i++)
        names[i] = pairs[i].names[which];
    if (!side->folder)
        return run_model(out, side, feeds, names, count, err);
    for (int i = 0; status == BSR_OK && i < count; i++)
        status = read_file(&out[i], side->folder, pairs[i].label, err);
    return status;
}

/* ---- which tensors ------------------------------------------------------------------------ */

static bsr_status add_pair(struct pairs *pairs, const char *label, const char *a, const char *b,
                           struct bsr_error *err)
{
    if (pairs->count == pairs->capacity) {
        int          capacity = pairs->capacity ? 2 * pairs->capacity : 64;
        struct pair *items = mem_resize(pairs->items, (size_t)capacity, sizeof *items);
        if (!items)
            return bsr_fail_memory(err, label, (size_t)capacity * sizeof *items);
        pairs->items = items;
        pairs->capacity = capacity;
    }
    char *copy = mem_copy_text(label);
    if (!copy)
        return bsr_fail_memory(err, label, strlen(label) + 1);
    pairs->items[pairs->count++] = (struct pair){.label = copy, .names = {a, b}};
    return BSR_OK;
}

static void free_pairs(struct pairs *pairs)
{
    for (int i = 0; i < pairs->count; i++)
        mem_free(pairs->items[i].label);
    mem_free(pairs->items);
}

/* Whether a layer of the inspection makes the tensor. */
static bool makes(const struct onnx_inspection *inspection, const char *name)
{
    for (int i = 0; i < inspection->layer_count; i++)
        for (int k = 0; k < inspection->layers[i].output_count; k++)
            if (strcmp(inspection->layers[i].outputs[k], name) == 0)
                return true;
    return false;
}

/* All debug nodes of the model, by the names in them. */
static bsr_status pair_debug_nodes(struct pairs *pairs, const struct onnx_model *model, struct bsr_error *err)
{
    char        label[ONNX_DEBUG_NAME_SIZE];
    const char *value = NULL;
    bsr_status  status = BSR_OK;
    for (int i = 0; status == BSR_OK && onnx_debug_name(model, i, label, &value); i++)
        status = add_pair(pairs, label, value, value, err);
    return status;
}

/* What nodes of A make and B makes too, in A's order; without a B (a folder) what it has files of. */
static bsr_status pair_common(struct pairs *pairs, const struct side *a, const struct side *b,
                              struct bsr_error *err)
{
    struct onnx_inspection mine = {.layers = NULL}, other = {.layers = NULL};
    bsr_status status = onnx_inspect(&mine, a->file.model, a->file.chosen.items, a->file.chosen.count, err);
    if (status == BSR_OK && !b->folder)
        status = onnx_inspect(&other, b->file.model, b->file.chosen.items, b->file.chosen.count, err);
    for (int i = 0; status == BSR_OK && i < mine.layer_count; i++)
        for (int k = 0; status == BSR_OK && k < mine.layers[i].output_count; k++) {
            const char       *name = mine.layers[i].outputs[k];
            struct bsr_tensor tensor = {0};
            bool              constant = strcmp(mine.layers[i].type, "Constant") == 0 || !*name;
            bool there = b->folder ? !constant && read_file(&tensor, b->folder, name, NULL) == BSR_OK
                                   : !constant && makes(&other, name);
            tensor_free(&tensor);
            if (there)
                status = add_pair(pairs, name, name, name, err);
        }
    onnx_inspection_free(&mine);
    onnx_inspection_free(&other);
    return status;
}

/* `model` is the side that is one; `other` may be a folder. */
static bsr_status choose_pairs(struct pairs *pairs, const struct side *model, const struct side *other,
                               const struct options *options, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < options->at.count; i++)
        status = add_pair(pairs, options->at.items[i], options->at.items[i], options->at.items[i], err);
    if (status == BSR_OK && !pairs->count && other->folder)
        status = pair_debug_nodes(pairs, model->file.model, err);
    if (status == BSR_OK && !pairs->count)
        status = pair_common(pairs, model, other, err);
    if (status == BSR_OK && !pairs->count) {
        bsr_fail(err, BSR_EUSAGE, "model compare", "the two have no tensor of the same name");
        bsr_hint(err, "name them with --at");
        return BSR_EUSAGE;
    }
    return status;
}

/* ---- differences -------------------------------------------------------------------------- */

static struct difference compare(const struct bsr_tensor *a, const struct bsr_tensor *b, double atol,
                                 double rtol)
{
    struct difference found = {.count = tensor_count(a), .shapes_differ = !tensor_same_shape(a, b)};
    double            product = 0, square_a = 0, square_b = 0, sum = 0, squares = 0;

    if (found.shapes_differ)
        return found;
    for (size_t i = 0; i < found.count; i++) {
        double x = tensor_get(a, i), y = tensor_get(b, i), gap = fabs(x - y);
        if (!isfinite(x) || !isfinite(y)) {
            bool same = (isnan(x) && isnan(y)) || x == y;
            found.odd += !same;
            found.beyond += !same;
            continue;
        }
        found.beyond += gap > atol + rtol * fabs(y);
        found.largest = fmax(found.largest, gap);
        sum += gap;
        squares += gap * gap;
        product += x * y;
        square_a += x * x;
        square_b += y * y;
    }
    double count = found.count ? (double)found.count : 1;
    found.mean = sum / count;
    found.square = squares / count;
    found.cosine = square_a > 0 && square_b > 0 ? product / sqrt(square_a * square_b) : 1;
    return found;
}

static bool parts(const struct difference *found)
{
    return found->shapes_differ || found->beyond > 0;
}

/* ---- what is said ------------------------------------------------------------------------- */

struct comparison {
    const struct options *options;
    struct table          table;
    json_t               *array; /* with --json */
    int                   parted;
    char                 *first; /* where they part first; NULL: nowhere */
};

static void add_row(struct comparison *comparison, const char *label, const struct bsr_tensor *a,
                    const struct difference *found)
{
    struct table    *table = &comparison->table;
    enum table_style heat = !parts(found) ? STYLE_GOOD : found->cosine > 0.999 ? STYLE_WARN : STYLE_BAD;
    table_add(table, STYLE_PLAIN, "%s", label);
    table_add(table, STYLE_DIM, "%s", tensor_shape_text(a).text);
    table_add(table, heat, "%.3g", found->largest);
    table_add(table, heat, "%.3g", found->mean);
    table_add(table, heat, "%.3g", found->square);
    table_add(table, heat, "%.6f", found->cosine);
    table_add(table, found->odd ? STYLE_BAD : STYLE_PLAIN, "%zu", found->odd);
    table_add(table, heat, "%s", found->shapes_differ ? "other shape" : parts(found) ? "differs" : "same");
}

static bsr_status add_record(struct comparison *comparison, const char *label, const struct difference *found,
                             struct bsr_error *err)
{
    json_t *object = json_object();
    bool    done = object && json_object_set_new(object, "name", json_text(label)) == 0 &&
                json_object_set_new(object, "max_abs", json_number(found->largest)) == 0 &&
                json_object_set_new(object, "mean_abs", json_number(found->mean)) == 0 &&
                json_object_set_new(object, "mse", json_number(found->square)) == 0 &&
                json_object_set_new(object, "cosine", json_number(found->cosine)) == 0 &&
                json_object_set_new(object, "not_finite", json_integer((json_int_t)found->odd)) == 0 &&
                json_object_set_new(object, "same", json_boolean(!parts(found))) == 0;
    if (!done) {
        json_decref(object);
        return bsr_fail_memory(err, label, 0);
    }
    return json_array_append_new(comparison->array, object) == 0 ? BSR_OK : bsr_fail_memory(err, label, 0);
}

static bsr_status add_result(struct comparison *comparison, const char *label, const struct bsr_tensor *a,
                             const struct difference *found, struct bsr_error *err)
{
    if (parts(found)) {
        comparison->parted++;
        if (!comparison->first && !(comparison->first = mem_copy_text(label)))
            return bsr_fail_memory(err, label, strlen(label));
    }
    if (comparison->array)
        return add_record(comparison, label, found, err);
    add_row(comparison, label, a, found);
    return BSR_OK;
}

/* ---- the run ------------------------------------------------------------------------------ */

static bsr_status compare_some(struct comparison *comparison, const struct side sides[2],
                               const struct feeds *feeds, const struct pair *pairs, int count,
                               struct bsr_error *err)
{
    struct bsr_tensor tensors[2][AT_ONCE] = {0};
    bsr_status        status = BSR_OK;

    for (int which = 0; status == BSR_OK && which < 2; which++)
        status = fetch(tensors[which], &sides[which], which, feeds, pairs, count, err);
    for (int i = 0; status == BSR_OK && i < count; i++) {
        if (!tensors[0][i].data || !tensors[1][i].data) {
            status = bsr_fail(err, BSR_EUSAGE, pairs[i].label, "no such tensor in %s",
                              tensors[0][i].data ? "B" : "A");
            break;
        }
        struct difference found =
            compare(&tensors[0][i], &tensors[1][i], comparison->options->atol, comparison->options->rtol);
        status = add_result(comparison, pairs[i].label, &tensors[0][i], &found, err);
    }
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < count; i++)
            tensor_free(&tensors[which][i]);
    return status;
}

static bsr_status feed(struct feeds *feeds, const struct side *side, const struct options *options,
                       struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < options->freeze.count; i++)
        status = model_inputs_add_value(feeds, side->file.model, options->freeze.items[i], err);
    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++)
        status = feeds_add_file(feeds, side->file.model, &side->file.chosen, options->feeds.items[i], err);
    if (status == BSR_OK)
        status = feeds_add_random(feeds, side->file.model, &side->file.chosen, (unsigned)options->seed, err);
    return status;
}

static bsr_status open_sides(struct side sides[2], const struct options *options, struct bsr_error *err)
{
    const char *b = options->input_count > 1 ? options->inputs[1] : options->inputs[0];

    if (options->input_count < 2 && options->engines.count < 2) {
        bsr_fail(err, BSR_EUSAGE, "model compare", "with what? name a second model or folder");
        bsr_hint(err, "or two engines of the one: --engines opencv,besra");
        return BSR_EUSAGE;
    }
    sides[0].backend = options->engines.count > 0 ? options->engines.items[0] : NULL;
    sides[1].backend = options->engines.count > 1 ? options->engines.items[1] : sides[0].backend;
    bsr_status status = open_side(&sides[0], options->inputs[0], options, err);
    if (status == BSR_OK)
        status = open_side(&sides[1], b, options, err);
    if (status == BSR_OK && sides[0].folder && sides[1].folder)
        return bsr_fail(err, BSR_EUSAGE, "model compare", "one of the two must be a model");
    return status;
}

static bsr_status run(struct comparison *comparison, struct side sides[2], const struct options *options,
                      struct bsr_error *err)
{
    struct pairs pairs = {0};
    struct feeds feeds = {0};
    bsr_status   status = open_sides(sides, options, err);
    int          model = sides[0].folder ? 1 : 0;

    engine_set_threads(options->threads);
    if (status == BSR_OK)
        status = feed(&feeds, &sides[model], options, err);
    if (status == BSR_OK)
        status = choose_pairs(&pairs, &sides[model], &sides[1 - model], options, err);
    for (int first = 0; status == BSR_OK && first < pairs.count; first += AT_ONCE)
        status = compare_some(comparison, sides, &feeds, pairs.items + first,
                              pairs.count - first < AT_ONCE ? pairs.count - first : AT_ONCE, err);
    free_pairs(&pairs);
    feeds_free(&feeds);
    return status;
}

static int finish(struct comparison *comparison)
{
    int code;
    if (comparison->array) {
        json_t *record = json_object();
        json_object_set_new(record, "tensors", comparison->array);
        json_object_set_new(record, "first", comparison->first ? json_text(comparison->first) : json_null());
        json_object_set_new(record, "same", json_boolean(!comparison->parted));
        code = output_json(comparison->options, record);
    } else {
        table_print(&comparison->table, 0);
        if (comparison->first)
            table_line(STYLE_BAD, "they part first at %s", comparison->first);
        else
            table_line(STYLE_GOOD, "all of them agree");
        code = output_finish();
    }
    return code == EXIT_DONE && comparison->parted ? EXIT_DIFFERENT : code;
}

int model_compare_command(const struct options *options)
{
    struct side       sides[2] = {0};
    struct comparison comparison = {.options = options, .array = options->json ? json_array() : NULL};
    struct bsr_error  err;

    table_start(&comparison.table, "llrrrrrl", "tensor|shape|max abs|mean abs|MSE|cosine|not finite|");
    bsr_status status = run(&comparison, sides, options, &err);
    int        code = exit_code_of(status);
    if (status == BSR_OK) {
        code = finish(&comparison);
    } else {
        terminal_error(&err);
        bytes_free(&comparison.table.text);
        bytes_free(&comparison.table.cells);
        json_decref(comparison.array);
    }
    mem_free(comparison.first);
    close_side(&sides[0]);
    close_side(&sides[1]);
    return code;
}
