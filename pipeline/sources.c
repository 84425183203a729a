#include "pipeline/sources.h"

#include "base/alloc.h"
#include "base/file.h"
#include "media/picture.h"
#include "pipeline/still.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is being gone through, and the one that it was found in. */
struct folder {
    const char          *path, *relative;
    const struct folder *above;
    dev_t                device;
    ino_t                inode;
    int                  depth;
};

enum {
    MAX_FOLDER_DEPTH = 256,
    MAX_LIST_BYTES = 256 << 20, /* of a list file */
    SNIFF_BYTES = 32,
};

/* What a walk through folders needs. */
struct walk {
    struct sources              *out;
    const struct source_options *options;
    struct bsr_error            *err;
    struct stat                  leave_out; /* of the folder that is not gone into */
    bool                         has_leave_out;
};

static bsr_status walk_folder(struct walk *walk, const struct folder *folder);
static bsr_status collect_list(struct walk *walk, const char *list_path);

static bsr_status add_source(struct sources *out, const char *path, const char *relative, bool named,
                             struct bsr_error *err)
{
    if (out->count == out->capacity) {
        size_t         capacity = out->capacity ? out->capacity * 2 : 64;
        struct source *items = mem_resize(out->items, capacity, sizeof *items);
        if (!items)
            return bsr_fail_memory(err, path, capacity * sizeof *items);
        out->items = items;
        out->capacity = capacity;
    }
    /* "folder/" that is none has no name */
    struct source item = {.path = mem_copy_text(path),
                          .relative = mem_copy_text(*relative ? relative : "input"),
                          .named = named};
    if (!item.path || !item.relative) {
        mem_free(item.path);
        mem_free(item.relative);
        return bsr_fail_memory(err, path, strlen(path));
    }
    out->items[out->count++] = item;
    return BSR_OK;
}

static bool looks_like_picture(const char *path)
{
    uint8_t head[SNIFF_BYTES];
    int     fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return true; /* working on it will say why it can't be read */
    ssize_t got = read(fd, head, sizeof head);
    close(fd);
    return got > 0 && picture_sniff(head, (size_t)got) != PICTURE_UNKNOWN;
}

static bool is_left_out(const struct walk *walk, const struct stat *st)
{
    return walk->has_leave_out && st->st_dev == walk->leave_out.st_dev &&
           st->st_ino == walk->leave_out.st_ino;
}

/* Goes into the folder `path`, whose facts are `st`, unless a link brought us into one that we are in
 * already. */
static bsr_status walk_into(struct walk *walk, const struct folder *above, const char *path,
                            const char *relative, const struct stat *st)
{
    struct folder folder = {.path = path,
                            .relative = relative,
                            .above = above,
                            .device = st->st_dev,
                            .inode = st->st_ino,
                            .depth = above ? above->depth + 1 : 0};
    for (const struct folder *at = above; at; at = at->above)
        if (at->device == folder.device && at->inode == folder.inode)
            return BSR_OK;
    if (folder.depth > MAX_FOLDER_DEPTH)
        return bsr_fail(walk->err, BSR_ELIMIT, path, "more than %d folders deep", MAX_FOLDER_DEPTH);
    return walk_folder(walk, &folder);
}

/* One entry of a folder: a picture is added, a folder gone into, the rest passed over. */
static bsr_status walk_entry(struct walk *walk, const struct folder *folder, const char *path,
                             const char *relative)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return BSR_OK; /* a dangling link, or gone since the folder was read */
    if (S_ISDIR(st.st_mode))
        return walk->options->recursive && !is_left_out(walk, &st)
                   ? walk_into(walk, folder, path, relative, &st)
                   : BSR_OK;
    if (S_ISREG(st.st_mode) && (looks_like_picture(path) || (walk->options->videos && video_is_file(path))))
        return add_source(walk->out, path, relative, false, walk->err);
    walk->out->passed_over++;
    return BSR_OK;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bsr_status walk_name(struct walk *walk, const struct folder *folder, const char *name)
{
    struct bytes path = {0}, relative = {0};
    size_t       length = strlen(folder->path);
    const char  *slash = length && folder->path[length - 1] == '/' ? "" : "/";

    bytes_append_format(&path, "%s%s%s", folder->path, slash, name);
    bytes_append_format(&relative, "%s%s%s", folder->relative, *folder->relative ? "/" : "", name);
    bsr_status status = path.failed || relative.failed
                            ? bsr_fail_memory(walk->err, folder->path, length)
                            : walk_entry(walk, folder, bytes_text(&path), bytes_text(&relative));
    bytes_free(&path);
    bytes_free(&relative);
    return status;
}

static bsr_status walk_folder(struct walk *walk, const struct folder *folder)
{
    struct dirent **entries;
    int             count = scandir(folder->path, &entries, visible, by_bytes);
    if (count < 0 && errno == ENOMEM)
        return bsr_fail_memory(walk->err, folder->path, 0);
    if (count < 0) /* working on it will say why it can't be read */
        return add_source(walk->out, folder->path, folder->relative, false, walk->err);

    bsr_status status = BSR_OK;
    for (int i = 0; i < count; i++) {
        if (status == BSR_OK)
            status = walk_name(walk, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* A frame has the name of the picture that is made of it. */
static bsr_status collect_frame(struct walk *walk, const char *input, size_t length, double time)
{
    struct bytes relative = {0};
    const char  *name = file_name(input);

    still_append_picture_name(&relative, name, length - (size_t)(name - input), time);
    bsr_status status = relative.failed
                            ? bsr_fail_memory(walk->err, input, relative.size)
                            : add_source(walk->out, input, bytes_text(&relative), true, walk->err);
    bytes_free(&relative);
    return status;
}

static bsr_status collect_named(struct walk *walk, const char *path)
{
    struct stat st;
    size_t      length;
    double      time;
    if (strcmp(path, "-") == 0)
        return add_source(walk->out, path, "stdin", true, walk->err);
    if (still_is_named(path, &length, &time))
        return collect_frame(walk, path, length, time);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return walk_into(walk, NULL, path, "", &st);
    return add_source(walk->out, path, file_name(path), true, walk->err);
}

static bsr_status collect_pattern(struct walk *walk, const char *pattern)
{
    glob_t     found = {0};
    int        result = glob(pattern, 0, NULL, &found);
    bsr_status status = BSR_OK;

    if (result == GLOB_NOSPACE)
        status = bsr_fail_memory(walk->err, pattern, 0);
    else if (result != 0) /* working on it will say that there is none */
        status = add_source(walk->out, pattern, file_name(pattern), true, walk->err);
    for (size_t i = 0; status == BSR_OK && i < found.gl_pathc; i++)
        status = collect_named(walk, found.gl_pathv[i]);
    globfree(&found);
    return status;
}

static bsr_status collect_input(struct walk *walk, const char *input)
{
    bool exists = access(input, F_OK) == 0;
    if (input[0] == '@' && !exists && (strcmp(input, "@-") == 0 || access(input + 1, F_OK) == 0))
        return collect_list(walk, input + 1);
    if (!exists && strpbrk(input, "*?["))
        return collect_pattern(walk, input);
    return collect_named(walk, input);
}

static bsr_status collect_list(struct walk *walk, const char *list_path)
{
    struct bytes text = {0};
    bsr_status   status = file_read(&text, list_path, MAX_LIST_BYTES, walk->err);
    if (status != BSR_OK)
        return status;

    char *rest = (char *)text.data;
    for (char *line; status == BSR_OK && (line = strsep(&rest, "\n"));) {
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r')
            line[length - 1] = '\0';
        if (*line && *line != '#')
            status = collect_named(walk, line);
    }
    bytes_free(&text);
    return status;
}

void sources_drop(struct source *item)
{
    mem_free(item->path);
    mem_free(item->relative);
}

bsr_status sources_collect(struct sources *out, char *const *inputs, size_t input_count,
                           const struct source_options *options, struct bsr_error *err)
{
    struct walk walk = {.out = out, .options = options, .err = err};
    bsr_status  status = BSR_OK;

    walk.has_leave_out = options->leave_out && stat(options->leave_out, &walk.leave_out) == 0;
    if (options->list_file)
        status = collect_list(&walk, options->list_file);
    for (size_t i = 0; status == BSR_OK && i < input_count; i++)
        status = collect_input(&walk, inputs[i]);
    return status;
}

void sources_free(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        sources_drop(&sources->items[i]);
    mem_free(sources->items);
    *sources = (struct sources){0};
}
