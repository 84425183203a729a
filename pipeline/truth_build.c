#include "pipeline/truth_build.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

bsr_status truth_build_open(struct truth_build *build, size_t sources, struct bsr_error *err)
{
    *build = (struct truth_build){.sources = sources};
    build->pictures = mem_alloc_zeroed(sources, sizeof *build->pictures);
    return build->pictures ? BSR_OK : bsr_fail_memory(err, NULL, sources * sizeof *build->pictures);
}

void truth_build_close(struct truth_build *build)
{
    mem_free(build->pictures);
    bytes_free(&build->boxes);
    bytes_free(&build->names);
    *build = (struct truth_build){0};
}

void truth_free(struct truth *truth)
{
    mem_free(truth->pictures);
    mem_free(truth->boxes);
    *truth = (struct truth){0};
}

/* ---- classes ------------------------------------------------------------------------------ */

static int fold(char c)
{
    return c == '-' || c == '_' ? ' ' : tolower((unsigned char)c);
}

bool truth_same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (fold(*a) != fold(*b))
            return false;
    return *a == *b;
}

bsr_status truth_build_add_name(struct truth_build *build, const char *name, struct bsr_error *err)
{
    if (build->name_count >= TRUTH_MAX_CLASSES)
        return bsr_fail(err, BSR_ELIMIT, NULL, "more than %d classes", TRUTH_MAX_CLASSES);
    if (!bytes_append(&build->names, name, strlen(name) + 1))
        return bsr_fail_memory(err, NULL, build->names.size);
    build->name_count++;
    return BSR_OK;
}

bsr_status truth_build_find_name(int *index, struct truth_build *build, const char *name,
                                 struct bsr_error *err)
{
    const char *at = bytes_text(&build->names);
    for (int i = 0; i < build->name_count; i++, at += strlen(at) + 1)
        if (truth_same_name(at, name)) {
            *index = i;
            return BSR_OK;
        }
    bsr_status status = truth_build_add_name(build, name, err);
    if (status == BSR_OK)
        *index = build->name_count - 1;
    return status;
}

bsr_status truth_build_add_box(struct truth_build *build, size_t source, const struct truth_box *box,
                               struct bsr_error *err)
{
    const struct truth_raw raw = {source, *box};
    return bytes_append(&build->boxes, &raw, sizeof raw) ? BSR_OK
                                                         : bsr_fail_memory(err, NULL, build->boxes.size);
}

/* ---- the model's classes ------------------------------------------------------------------ */

/* own class -> the model's, -1: the model has none such. */
struct mapping {
    int   *of;
    int    count;
    size_t boxes_left_out;
};

static int find_class(const struct truth_classes *classes, const char *name)
{
    for (int i = 0; classes->named && i < classes->count; i++)
        if (truth_same_name(classes->names[i], name))
            return i;
    return -1;
}

static struct truth_raw raw_at(const struct truth_build *build, size_t index)
{
    struct truth_raw raw;
    memcpy(&raw, build->boxes.data + index * sizeof raw, sizeof raw);
    return raw;
}

static size_t raw_count(const struct truth_build *build)
{
    return build->boxes.size / sizeof(struct truth_raw);
}

static int largest_class(const struct truth_build *build)
{
    int largest = build->name_count - 1;
    for (size_t i = 0; i < raw_count(build); i++) {
        struct truth_raw raw = raw_at(build, i);
        largest = raw.box.class_index > largest ? raw.box.class_index : largest;
    }
    return largest;
}

static bsr_status refuse_classes(const struct truth_build *build, const char *path, int count,
                                 const struct truth_classes *classes, struct bsr_error *err)
{
    if (!build->name_count)
        bsr_fail(err, BSR_EUSAGE, path, "has a class %d; the model has %d, from 0 to %d", count - 1,
                 classes->count, classes->count - 1);
    else
        bsr_fail(err, BSR_EUSAGE, path,
                 "none of its %d classes ('%s' ...) is one of the model's %d ('%s' ...)", build->name_count,
                 bytes_text(&build->names), classes->count, classes->names[0]);
    bsr_hint(err, "a model card can give the classes their names: docs/model-cards.md");
    return BSR_EUSAGE;
}

static void note_order(const struct truth_build *build, const char *path, const struct truth_classes *classes,
                       struct bytes *notes)
{
    if (notes && build->name_count)
        bytes_append_format(
            notes, "%s: %s; they are taken for the model's by their order ('%s' for '%s' and so on)\n", path,
            classes->named ? "no class has a name that the model knows" : "the model's classes have no names",
            classes->names[0], bytes_text(&build->names));
}

/* By name where one name fits, else by order where there are no more than the model's. */
static bsr_status map_classes(struct mapping *mapping, const struct truth_build *build, const char *path,
                              const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err)
{
    const char *at = bytes_text(&build->names);
    int         same = 0;

    mapping->count = largest_class(build) + 1;
    mapping->of = mem_alloc_zeroed((size_t)mapping->count, sizeof *mapping->of);
    if (!mapping->of)
        return bsr_fail_memory(err, path, (size_t)mapping->count * sizeof *mapping->of);
    for (int i = 0; i < mapping->count; i++) {
        mapping->of[i] = i < build->name_count ? find_class(classes, at) : -1;
        same += mapping->of[i] >= 0;
        at += i < build->name_count ? strlen(at) + 1 : 0;
    }
    if (same || !mapping->count)
        return BSR_OK;
    if ((build->name_count && !build->numbered) || mapping->count > classes->count)
        return refuse_classes(build, path, mapping->count, classes, err);
    for (int i = 0; i < mapping->count; i++)
        mapping->of[i] = i;
    note_order(build, path, classes, notes);
    return BSR_OK;
}

static void note_left_out(const struct mapping *mapping, const struct truth_build *build, const char *path,
                          struct bytes *notes)
{
    enum { NAMED = 3 };
    const char *at = bytes_text(&build->names);
    int         unknown = 0;

    if (!notes || !mapping->boxes_left_out)
        return;
    bytes_append_format(notes, "%s: the model does not know", path);
    for (int i = 0; i < build->name_count; i++, at += strlen(at) + 1) {
        if (mapping->of[i] >= 0)
            continue;
        if (unknown < NAMED)
            bytes_append_format(notes, "%s '%s'", unknown ? "," : "", at);
        unknown++;
    }
    if (unknown > NAMED)
        bytes_append_format(notes, " and %d more classes", unknown - NAMED);
    bytes_append_format(notes, ": %zu boxes are left out\n", mapping->boxes_left_out);
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Boxes by source, in the order in which they were read. */
static bsr_status sort_boxes(struct truth *truth, const struct truth_build *build, struct mapping *mapping,
                             const char *path, struct bsr_error *err)
{
    size_t count = raw_count(build);

    truth->boxes = mem_alloc_zeroed(count, sizeof *truth->boxes);
    if (!truth->boxes)
        return bsr_fail_memory(err, path, mem_product(count, sizeof *truth->boxes));
    for (size_t i = 0; i < count; i++) {
        struct truth_raw raw = raw_at(build, i);
        if (mapping->of[raw.box.class_index] >= 0)
            truth->pictures[raw.source].count++;
        else
            mapping->boxes_left_out++;
    }
    for (size_t i = 0; i < truth->count; i++) {
        truth->pictures[i].first = truth->box_count;
        truth->box_count += truth->pictures[i].count;
        truth->pictures[i].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct truth_raw      raw = raw_at(build, i);
        struct truth_picture *picture = &truth->pictures[raw.source];
        int                   class_index = mapping->of[raw.box.class_index];
        if (class_index < 0)
            continue;
        raw.box.class_index = class_index;
        truth->boxes[picture->first + picture->count++] = raw.box;
    }
    return BSR_OK;
}

static bsr_status check_known(const struct truth *truth, const char *path, struct bytes *notes,
                              struct bsr_error *err)
{
    size_t known = 0;
    for (size_t i = 0; i < truth->count; i++)
        known += truth->pictures[i].known;
    if (!known) {
        bsr_fail(err, BSR_EUSAGE, path, "says nothing of any of the %zu pictures", truth->count);
        bsr_hint(err, "pictures and what is said of them must have the same file names");
        return BSR_EUSAGE;
    }
    if (notes && known < truth->count)
        bytes_append_format(notes, "%s: says nothing of %zu of the %zu pictures; these are left out\n", path,
                            truth->count - known, truth->count);
    return BSR_OK;
}

bsr_status truth_build_finish(struct truth *out, const struct truth_build *build, const char *path,
                              const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err)
{
    struct truth   truth = {.count = build->sources};
    struct mapping mapping = {0};

    truth.pictures = mem_alloc_zeroed(truth.count, sizeof *truth.pictures);
    bsr_status status =
        truth.pictures ? BSR_OK : bsr_fail_memory(err, path, truth.count * sizeof *truth.pictures);
    if (status == BSR_OK) {
        for (size_t i = 0; i < truth.count; i++)
            truth.pictures[i] = build->pictures[i];
        status = check_known(&truth, path, notes, err);
    }
    if (status == BSR_OK)
        status = map_classes(&mapping, build, path, classes, notes, err);
    if (status == BSR_OK)
        status = sort_boxes(&truth, build, &mapping, path, err);
    if (status == BSR_OK) {
        note_left_out(&mapping, build, path, notes);
        *out = truth;
    } else {
        truth_free(&truth);
    }
    mem_free(mapping.of);
    return status;
}

/* ---- any kind ----------------------------------------------------------------------------- */

bsr_status truth_read(struct truth *out, const char *path, const struct sources *sources,
                      const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err)
{
    struct truth_build build;
    struct stat        st;
    bool               folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    bsr_status         status = truth_build_open(&build, sources->count, err);

    if (status == BSR_OK)
        status = folder ? truth_read_folder(&build, path, sources, notes, err)
                        : truth_read_coco(&build, path, sources, notes, err);
    if (status == BSR_OK)
        status = truth_build_finish(out, &build, path, classes, notes, err);
    truth_build_close(&build);
    return status;
}
