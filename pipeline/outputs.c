#include "pipeline/outputs.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The dot before a path's extension, or its end. A leading dot is part of the name. */
static size_t stem_length(const char *relative)
{
    const char *name = file_name(relative);
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - relative) : strlen(relative);
}

/* Below the output folder, whatever the source's path: no "..", no leading slash. */
static bool stays_below(const char *relative)
{
    if (relative[0] == '/')
        return false;
    for (const char *at = relative; at; at = strchr(at, '/'), at = at ? at + 1 : NULL)
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    return true;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void free_nothing(void *node)
{
    (void)node;
}

/* A set of texts that belong to others. */
struct text_set {
    void *root;
};

static bool set_has(const struct text_set *set, const char *text)
{
    return tfind(text, &set->root, compare_text) != NULL;
}

/* False when the set has it already, or memory ran out (then *failed). */
static bool set_add(struct text_set *set, const char *text, bool *failed)
{
    if (set_has(set, text))
        return false;
    bool added = tsearch(text, &set->root, compare_text) != NULL;
    *failed = *failed || !added;
    return added;
}

/* The number that the next source of this name is tried with: thousands of sources may share one. */
struct numbering {
    const char *relative;
    int         next;
};

static int compare_numbering(const void *a, const void *b)
{
    return strcmp(((const struct numbering *)a)->relative, ((const struct numbering *)b)->relative);
}

/* The numbering of `relative`, begun at 1; NULL when memory ran out. */
static struct numbering *find_numbering(void **root, const char *relative)
{
    struct numbering key = {.relative = relative, .next = 1};
    void            *found = tfind(&key, root, compare_numbering);
    if (found)
        return *(struct numbering **)found;

    struct numbering *made = mem_alloc(sizeof *made);
    if (!made)
        return NULL;
    *made = key;
    if (tsearch(made, root, compare_numbering))
        return made;
    mem_free(made);
    return NULL;
}

static char *format_name(const char *stem, size_t length, int number, const char *extension)
{
    struct bytes name = {0};
    bytes_append(&name, stem, length);
    if (number > 1)
        bytes_append_format(&name, "-%d", number);
    if (extension)
        bytes_append_format(&name, ".%s", extension);
    if (name.failed)
        bytes_free(&name);
    return (char *)name.data;
}

static const char *written_extension(const char *relative, enum picture_format format)
{
    const char *own = relative + stem_length(relative);
    own += *own == '.';
    enum picture_format own_format = picture_format_from_name(own);

    if (format == PICTURE_UNKNOWN && picture_format_extension(own_format))
        return own;
    if (format != PICTURE_UNKNOWN && own_format == format)
        return own; /* "a.jpeg" stays "a.jpeg" */
    return picture_format_extension(format == PICTURE_UNKNOWN ? PICTURE_JPEG : format);
}

/* The picture's name: the stem with the extension, which a stem that is a whole name may have already. */
static char *picture_name(const char *stem, const char *extension)
{
    const char *end = stem + stem_length(stem);
    return *end == '.' && strcmp(end + 1, extension) == 0 ? mem_copy_text(stem)
                                                          : format_name(stem, strlen(stem), 1, extension);
}

struct planning {
    struct text_set relatives;   /* of the sources */
    struct text_set once, twice; /* stems that occur, and those that occur with another extension */
    struct text_set taken;       /* stems and pictures given out */
    void           *numberings;  /* a tree of struct numbering */
    bool            failed;
};

static bool name_one(struct output_names *names, const struct source *source, const char *plain,
                     enum picture_format format, struct planning *planning)
{
    const char *relative = stays_below(source->relative) ? source->relative : file_name(source->relative);
    const char *extension = written_extension(relative, format);
    size_t      length = set_has(&planning->twice, plain) ? strlen(relative) : stem_length(relative);

    struct numbering *numbering = find_numbering(&planning->numberings, relative);
    planning->failed = planning->failed || !numbering;
    while (!planning->failed) {
        int number = numbering->next++;
        names->stem = format_name(relative, length, number, NULL);
        names->picture = names->stem ? picture_name(names->stem, extension) : NULL;
        if (!names->picture)
            return false;
        if (!set_has(&planning->taken, names->stem) && !set_has(&planning->taken, names->picture)) {
            set_add(&planning->taken, names->stem, &planning->failed);
            set_add(&planning->taken, names->picture, &planning->failed);
            return !planning->failed;
        }
        mem_free(names->stem);
        mem_free(names->picture);
        *names = (struct output_names){0};
    }
    return false;
}

static bool plan_all(struct outputs *out, char **plain, const struct sources *sources,
                     enum picture_format format, struct planning *planning)
{
    for (size_t i = 0; i < sources->count; i++) {
        const char *relative = sources->items[i].relative;
        plain[i] = format_name(relative, stem_length(relative), 1, NULL);
        if (!plain[i])
            return false;
        if (set_add(&planning->relatives, relative, &planning->failed) &&
            !set_add(&planning->once, plain[i], &planning->failed))
            set_add(&planning->twice, plain[i], &planning->failed);
    }
    for (size_t i = 0; i < sources->count; i++)
        if (planning->failed || !name_one(&out->items[i], &sources->items[i], plain[i], format, planning))
            return false;
    return true;
}

bsr_status outputs_plan(struct outputs *out, const struct sources *sources, enum picture_format format,
                        struct bsr_error *err)
{
    struct outputs  made = {.count = sources->count};
    struct planning planning = {0};

    made.items = mem_alloc_zeroed(sources->count, sizeof *made.items);
    char **plain = mem_alloc_zeroed(sources->count, sizeof *plain);
    bool   done = made.items && plain && plan_all(&made, plain, sources, format, &planning);

    tdestroy(planning.relatives.root, free_nothing);
    tdestroy(planning.once.root, free_nothing);
    tdestroy(planning.twice.root, free_nothing);
    tdestroy(planning.taken.root, free_nothing);
    tdestroy(planning.numberings, mem_free);
    for (size_t i = 0; plain && i < sources->count; i++)
        mem_free(plain[i]);
    mem_free(plain);
    if (!done) {
        outputs_free(&made);
        return bsr_fail_memory(err, NULL, sources->count * sizeof *made.items);
    }
    *out = made;
    return BSR_OK;
}

void outputs_drop(struct output_names *item)
{
    mem_free(item->stem);
    mem_free(item->picture);
}

void outputs_free(struct outputs *outputs)
{
    for (size_t i = 0; outputs->items && i < outputs->count; i++)
        outputs_drop(&outputs->items[i]);
    mem_free(outputs->items);
    *outputs = (struct outputs){0};
}

/* Keeps the first `length` bytes of a path, without slashes at their end. */
static void cut_path(struct bytes *path, size_t length)
{
    while (length > 1 && path->data[length - 1] == '/')
        length--;
    path->size = length;
    path->data[length] = '\0';
}

bsr_status outputs_check_folder(const char *folder, struct bsr_error *err)
{
    struct bytes at = {0};
    struct stat  st;
    bsr_status   status = BSR_OK;

    if (!bytes_append(&at, folder, strlen(folder) + 1))
        return bsr_fail_memory(err, folder, strlen(folder));
    cut_path(&at, strlen(folder));
    while (at.size && stat(bytes_text(&at), &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        cut_path(&at, (size_t)(file_name(bytes_text(&at)) - bytes_text(&at)));
    const char *there = at.size ? bytes_text(&at) : ".";
    bool        found = stat(there, &st) == 0;
    if (found && !S_ISDIR(st.st_mode))
        status = bsr_fail(err, BSR_EIO, there, "is a file, not a folder to write into");
    else if (!found || faccessat(AT_FDCWD, there, W_OK | X_OK, AT_EACCESS) != 0)
        status = bsr_fail(err, BSR_EIO, there, "can't be written into: %s", strerror(errno));
    bytes_free(&at);
    return status;
}
