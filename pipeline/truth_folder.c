/* A folder with a file a picture: which one, and which kind. */
#include "pipeline/truth_build.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

typedef bsr_status truth_parse(struct truth_build *build, size_t source, const struct bytes *text,
                               const char *path, struct bsr_error *err);

/* A kind of truth: its extension, the folder that may lie between, and who reads it. */
struct kind {
    const char  *extension, *below;
    truth_parse *parse;
};
static const struct kind kinds[] = {{"txt", "labels/", truth_parse_yolo},
                                    {"xml", "Annotations/", truth_parse_voc}};

/* "trip/a.jpg" without what is from its last dot on. */
static int stem_length(const char *name)
{
    const char *last = file_name(name), *dot = strrchr(last, '.');
    return (int)(dot && dot > last ? (size_t)(dot - name) : strlen(name));
}

/* Puts the path of the file about a source into *path; false when there is none. With or without the folders
 * of the source, in the folder itself or in the one below. */
static bool find_file(struct bytes *path, const char *folder, const struct kind *kind,
                      const struct source *source)
{
    const char *names[] = {source->relative, file_name(source->relative)};
    const char *below[] = {"", kind->below};

    for (size_t i = 0; i < 4; i++) {
        const char *name = names[i / 2];
        bytes_clear(path);
        bytes_append_format(path, "%s/%s%.*s.%s", folder, below[i % 2], stem_length(name), name,
                            kind->extension);
        if (!path->failed && access(bytes_text(path), F_OK) == 0)
            return true;
    }
    return false;
}

static bsr_status read_kind(struct truth_build *build, const struct kind *kind, const char *folder,
                            const struct sources *sources, size_t *found, struct bsr_error *err)
{
    struct bytes path = {0}, text = {0};
    bsr_status   status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < sources->count; i++) {
        if (!find_file(&path, folder, kind, &sources->items[i]))
            continue;
        bytes_clear(&text);
        status = file_read(&text, bytes_text(&path), TRUTH_MAX_BYTES, err);
        if (status == BSR_OK)
            status = kind->parse(build, i, &text, bytes_text(&path), err);
        ++*found;
    }
    if (status == BSR_OK && path.failed)
        status = bsr_fail_memory(err, folder, path.size);
    bytes_free(&path);
    bytes_free(&text);
    return status;
}

/* classes.txt: a name a line, in the order of the numbers. */
static bsr_status read_names(struct truth_build *build, const char *folder, struct bsr_error *err)
{
    struct bytes path = {0}, text = {0};
    bsr_status   status = BSR_OK;

    bytes_append_format(&path, "%s/classes.txt", folder);
    if (!path.failed && access(bytes_text(&path), F_OK) != 0) {
        bytes_clear(&path);
        bytes_append_format(&path, "%s/labels/classes.txt", folder);
    }
    if (path.failed)
        status = bsr_fail_memory(err, folder, strlen(folder));
    else if (access(bytes_text(&path), F_OK) == 0)
        status = file_read(&text, bytes_text(&path), 1 << 20, err);
    char *rest = text.size ? (char *)text.data : NULL;
    for (char *line; status == BSR_OK && (line = strsep(&rest, "\r\n"));)
        if (*line)
            status = truth_build_add_name(build, line, err);
    bytes_free(&path);
    bytes_free(&text);
    return status;
}

bsr_status truth_read_folder(struct truth_build *build, const char *path, const struct sources *sources,
                             struct bytes *notes, struct bsr_error *err)
{
    const struct kind *yolo = &kinds[0], *voc = &kinds[1];
    size_t             found = 0;

    build->numbered = true;
    bsr_status status = read_names(build, path, err);
    if (status == BSR_OK)
        status = read_kind(build, yolo, path, sources, &found, err);
    if (status == BSR_OK && !found) {
        bytes_clear(&build->names);
        build->name_count = 0;
        build->numbered = false;
        return read_kind(build, voc, path, sources, &found, err);
    }
    /* a picture without anything on it has no file with some programs */
    if (status == BSR_OK && notes && found < sources->count)
        bytes_append_format(notes, "%s: %zu of the %zu pictures have no file there: taken to show nothing\n",
                            path, sources->count - found, sources->count);
    for (size_t i = 0; i < sources->count; i++)
        build->pictures[i].known = build->pictures[i].in_parts = true;
    return status;
}
