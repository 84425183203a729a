#include "pipeline/truth_build.h"

#include "base/alloc.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static int by_last_part(const void *left, const void *right, void *context)
{
    const struct sources *sources = context;
    size_t                a = *(const size_t *)left, b = *(const size_t *)right;
    int order = strcmp(file_name(sources->items[a].path), file_name(sources->items[b].path));
    return order ? order : (a > b) - (a < b);
}

bsr_status truth_index_open(struct truth_index *index, const struct sources *sources, struct bsr_error *err)
{
    size_t *order = mem_alloc_zeroed(sources->count, sizeof *order);
    if (!order)
        return bsr_fail_memory(err, NULL, sources->count * sizeof *order);
    for (size_t i = 0; i < sources->count; i++)
        order[i] = i;
    qsort_r(order, sources->count, sizeof *order, by_last_part, (void *)sources);
    *index = (struct truth_index){.sources = sources, .order = order};
    return BSR_OK;
}

void truth_index_close(struct truth_index *index)
{
    mem_free(index->order);
    index->order = NULL;
}

static const char *path_at(const struct truth_index *index, size_t place)
{
    return index->sources->items[index->order[place]].path;
}

/* The first place whose last part is not before `last`. */
static size_t lower_bound(const struct truth_index *index, const char *last)
{
    size_t from = 0, to = index->sources->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(file_name(path_at(index, middle)), last) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Whether `path` is `name` or ends in a slash and `name`. */
static bool ends_in(const char *path, const char *name)
{
    size_t length = strlen(path), part = strlen(name);
    return part <= length && strcmp(path + length - part, name) == 0 &&
           (part == length || path[length - part - 1] == '/');
}

/* *at counts the candidates looked at. */
bool truth_index_next(const struct truth_index *index, const char *name, size_t *at, size_t *source)
{
    const char *last = file_name(name);
    size_t      first = lower_bound(index, last), end = first;

    while (strncmp(name, "./", 2) == 0)
        name += 2;
    while (*last && end < index->sources->count && strcmp(file_name(path_at(index, end)), last) == 0)
        end++;
    bool only = end - first == 1;
    for (size_t place = first + *at; place < end; place++) {
        ++*at;
        if (!only && !ends_in(path_at(index, place), name))
            continue;
        *source = index->order[place];
        return true;
    }
    return false;
}
