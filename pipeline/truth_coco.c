/* COCO's instances_*.json (cocodataset.org, "Data format"). */
#include "pipeline/truth_build.h"

#include "base/alloc.h"
#include "base/file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number of the file's own, and what it stands for. */
struct identity {
    json_int_t id;
    size_t     value;
};

struct identities {
    struct identity *items; /* by id once sorted */
    size_t           count;
};

struct reading {
    struct truth_build *build;
    const char         *path;
    const json_t       *images, *annotations, *categories;
    struct identities   picture_of, class_of; /* a picture may stand for several sources: a row each */
    struct bsr_error   *err;
};

static int by_id(const void *left, const void *right)
{
    const struct identity *a = left, *b = right;
    int                    order = (a->id > b->id) - (a->id < b->id);
    return order ? order : (a->value > b->value) - (a->value < b->value);
}

/* The first with this id, or NULL. */
static const struct identity *find_id(const struct identities *list, json_int_t id)
{
    size_t from = 0, to = list->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (list->items[middle].id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < list->count && list->items[from].id == id ? &list->items[from] : NULL;
}

static bsr_status fail_item(const struct reading *reading, const char *list, size_t index, const char *why)
{
    return bsr_fail(reading->err, BSR_EFORMAT, reading->path, "%s[%zu]: %s", list, index, why);
}

static bool integer_of(const json_t *object, const char *key, json_int_t *value)
{
    const json_t *number = json_object_get(object, key);
    if (!json_is_integer(number))
        return false;
    *value = json_integer_value(number);
    return true;
}

/* A list of the root: BSR_EFORMAT where it is missing. */
static bsr_status find_list(const struct reading *reading, const json_t *root, const char *key,
                            const json_t **list)
{
    *list = json_object_get(root, key);
    if (json_is_array(*list))
        return BSR_OK;
    bsr_fail(reading->err, BSR_EFORMAT, reading->path, "is no truth of COCO's kind: it has no list \"%s\"",
             key);
    bsr_hint(reading->err, "--truth takes COCO's instances .json, or a folder of YOLO's .txt or VOC's .xml");
    return BSR_EFORMAT;
}

/* ---- categories and pictures -------------------------------------------------------------- */

static bsr_status read_categories(struct reading *reading)
{
    size_t             count = json_array_size(reading->categories);
    struct identities *list = &reading->class_of;
    bsr_status         status = BSR_OK;

    list->items = mem_alloc_zeroed(count, sizeof *list->items);
    if (!list->items)
        return bsr_fail_memory(reading->err, reading->path, mem_product(count, sizeof *list->items));
    for (size_t i = 0; status == BSR_OK && i < count; i++) {
        const json_t *item = json_array_get(reading->categories, i);
        const char   *name = json_string_value(json_object_get(item, "name"));
        json_int_t    id;
        if (!name || !integer_of(item, "id", &id))
            return fail_item(reading, "categories", i, "needs a number \"id\" and a text \"name\"");
        list->items[list->count++] = (struct identity){id, i};
        status = truth_build_add_name(reading->build, name, reading->err);
    }
    qsort(list->items, list->count, sizeof *list->items, by_id);
    reading->build->numbered = true;
    return status;
}

static int side_of(const json_t *item, const char *key)
{
    json_int_t side = 0;
    return integer_of(item, key, &side) && side > 0 && side < 1 << 24 ? (int)side : 0;
}

/* A source that `item` is the picture of. */
static bsr_status add_picture(struct reading *reading, struct bytes *rows, const json_t *item, json_int_t id,
                              size_t source)
{
    struct truth_picture *picture = &reading->build->pictures[source];
    const struct identity row = {id, source};

    if (picture->known)
        return BSR_OK; /* named twice: the first counts */
    *picture = (struct truth_picture){
        .known = true, .width = side_of(item, "width"), .height = side_of(item, "height")};
    return bytes_append(rows, &row, sizeof row) ? BSR_OK
                                                : bsr_fail_memory(reading->err, reading->path, rows->size);
}

static bsr_status read_pictures(struct reading *reading, const struct truth_index *index, struct bytes *rows,
                                size_t *not_given)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < json_array_size(reading->images); i++) {
        const json_t *item = json_array_get(reading->images, i);
        const char   *name = json_string_value(json_object_get(item, "file_name"));
        json_int_t    id;
        size_t        at = 0, source, found = 0;
        if (!name || !integer_of(item, "id", &id))
            return fail_item(reading, "images", i, "needs a number \"id\" and a text \"file_name\"");
        for (; status == BSR_OK && truth_index_next(index, name, &at, &source); found++)
            status = add_picture(reading, rows, item, id, source);
        *not_given += !found;
    }
    return status;
}

static bsr_status match_pictures(struct reading *reading, const struct sources *sources, struct bytes *notes)
{
    struct truth_index index;
    struct bytes       rows = {0};
    size_t             not_given = 0, count = json_array_size(reading->images);
    bsr_status         status = truth_index_open(&index, sources, reading->err);

    if (status != BSR_OK)
        return status;
    status = read_pictures(reading, &index, &rows, &not_given);
    truth_index_close(&index);
    if (status != BSR_OK) {
        bytes_free(&rows);
        return status;
    }
    if (notes && not_given && not_given < count)
        bytes_append_format(notes, "%s: %zu of its %zu pictures are not among the inputs\n", reading->path,
                            not_given, count);
    reading->picture_of =
        (struct identities){(struct identity *)(void *)rows.data, rows.size / sizeof(struct identity)};
    if (rows.size)
        qsort(rows.data, reading->picture_of.count, sizeof(struct identity), by_id);
    return BSR_OK;
}

/* ---- annotations -------------------------------------------------------------------------- */

/* [x, y, width, height] */
static bool read_box(const json_t *item, struct truth_box *box)
{
    const json_t *list = json_object_get(item, "bbox");
    double        numbers[4];

    for (size_t i = 0; i < 4; i++) {
        const json_t *number = json_array_get(list, i);
        numbers[i] = json_number_value(number);
        if (!json_is_number(number) || !(fabs(numbers[i]) <= 1e9))
            return false;
    }
    *box = (struct truth_box){
        .x1 = numbers[0], .y1 = numbers[1], .x2 = numbers[0] + numbers[2], .y2 = numbers[1] + numbers[3]};
    return json_array_size(list) == 4 && numbers[2] >= 0 && numbers[3] >= 0;
}

static bsr_status read_annotation(struct reading *reading, size_t index)
{
    const json_t    *item = json_array_get(reading->annotations, index);
    const json_t    *crowd = json_object_get(item, "iscrowd");
    json_int_t       picture, category;
    struct truth_box box;

    if (!integer_of(item, "image_id", &picture) || !integer_of(item, "category_id", &category))
        return fail_item(reading, "annotations", index, "needs numbers \"image_id\" and \"category_id\"");
    const struct identity *first = find_id(&reading->picture_of, picture);
    const struct identity *class_of = find_id(&reading->class_of, category);
    if (!class_of)
        return fail_item(reading, "annotations", index, "\"category_id\" is none of the categories'");
    if (!read_box(item, &box))
        return fail_item(reading, "annotations", index, "needs \"bbox\": [x, y, width, height] in pixels");
    box.class_index = (int)class_of->value;
    box.crowd = json_is_true(crowd) || json_integer_value(crowd) != 0;
    box.area = json_number_value(json_object_get(item, "area"));
    box.area = box.area > 0 && box.area <= 1e18 ? box.area : 0;

    const struct identity *end = reading->picture_of.items + reading->picture_of.count;
    bsr_status             status = BSR_OK;
    for (; status == BSR_OK && first && first < end && first->id == picture; first++)
        status = truth_build_add_box(reading->build, first->value, &box, reading->err);
    return status;
}

/* ---- the file ----------------------------------------------------------------------------- */

static bsr_status read_root(struct reading *reading, const json_t *root, const struct sources *sources,
                            struct bytes *notes)
{
    bsr_status status = find_list(reading, root, "images", &reading->images);
    if (status == BSR_OK)
        status = find_list(reading, root, "annotations", &reading->annotations);
    if (status == BSR_OK)
        status = find_list(reading, root, "categories", &reading->categories);
    if (status == BSR_OK)
        status = read_categories(reading);
    if (status == BSR_OK)
        status = match_pictures(reading, sources, notes);
    for (size_t i = 0; status == BSR_OK && i < json_array_size(reading->annotations); i++)
        status = read_annotation(reading, i);
    return status;
}

bsr_status truth_parse_coco(struct truth_build *build, const char *text, size_t size, const char *path,
                            const struct sources *sources, struct bytes *notes, struct bsr_error *err)
{
    struct reading reading = {.build = build, .path = path, .err = err};
    json_error_t   fault;
    json_t        *root = json_loadb(text, size, 0, &fault);

    if (!root)
        return bsr_fail(err, BSR_EFORMAT, path, "is no JSON: %s (line %d)", fault.text, fault.line);
    bsr_status status = read_root(&reading, root, sources, notes);
    json_decref(root);
    mem_free(reading.class_of.items);
    mem_free(reading.picture_of.items);
    return status;
}

bsr_status truth_read_coco(struct truth_build *build, const char *path, const struct sources *sources,
                           struct bytes *notes, struct bsr_error *err)
{
    struct bytes text = {0};
    bsr_status   status = file_read(&text, path, TRUTH_MAX_BYTES, err);
    if (status == BSR_OK)
        status = truth_parse_coco(build, bytes_text(&text), text.size, path, sources, notes, err);
    bytes_free(&text);
    return status;
}
