/* A table of pictures and their classes: comma-separated values (RFC 4180), one picture a line. */
#include "pipeline/truth_build.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

struct table {
    char       *at; /* the rest of the text, which is taken apart in place */
    int         line;
    const char *path;
};

/* Takes one field off, out of its quotes; *last: the line ends behind it. NULL for a quote that doesn't end.
 */
static char *take_field(struct table *table, bool *last)
{
    char *field = table->at, *to = field, *from = field;
    bool  quoted = *from == '"';

    if (quoted) {
        for (from++; *from && (*from != '"' || from[1] == '"'); *to++ = *from++)
            from += *from == '"'; /* two stand for one */
        if (!*from)
            return NULL;
        from++;
    }
    for (; *from && *from != ',' && *from != '\n'; from++)
        if (*from != '\r')
            *to++ = *from;
    *last = *from != ',';
    table->line += *from == '\n';
    table->at = *from ? from + 1 : from;
    *to = '\0';
    return field;
}

/* The model's class of a number or a name; -1: it has none such. */
static int class_of(const char *text, const struct truth_classes *classes)
{
    char *end;
    long  number = strtol(text, &end, 10);
    if (*text && !*end)
        return number >= 0 && number < classes->count ? (int)number : -1;
    for (int i = 0; classes->named && i < classes->count; i++)
        if (truth_same_name(classes->names[i], text))
            return i;
    return -1;
}

static bsr_status fail_class(const struct table *table, int line, const char *text,
                             const struct truth_classes *classes, struct bsr_error *err)
{
    bsr_fail(err, BSR_EUSAGE, table->path, "line %d: '%s' is no class of the model: it has %d, %s", line,
             text, classes->count, classes->named ? "by name or number from 0 on" : "numbered from 0 on");
    if (!classes->named)
        bsr_hint(err, "a model card can give the classes their names: docs/model-cards.md");
    return BSR_EUSAGE;
}

/* One line: file, class, and what else there is. */
static bsr_status read_line(struct table *table, int *labels, const struct truth_index *index,
                            const struct truth_classes *classes, struct bsr_error *err)
{
    int    line = table->line;
    bool   last = false;
    char  *file = take_field(table, &last), *text = NULL;
    size_t at = 0, source;

    if (file && last && !*file)
        return BSR_OK; /* an empty line */
    if (file && !last)
        text = take_field(table, &last);
    for (const char *more = text; more && !last;)
        more = take_field(table, &last);
    if (!text)
        return bsr_fail(err, BSR_EFORMAT, table->path, "line %d: is not \"file,class\"", line);
    int class_index = class_of(text, classes);
    if (class_index < 0 && line == 1)
        return BSR_OK; /* titles */
    if (class_index < 0)
        return fail_class(table, line, text, classes, err);
    while (truth_index_next(index, file, &at, &source))
        labels[source] = class_index;
    return BSR_OK;
}

static bsr_status check_labels(const int *labels, const char *path, const struct sources *sources,
                               struct bytes *notes, struct bsr_error *err)
{
    size_t known = 0;
    for (size_t i = 0; i < sources->count; i++)
        known += labels[i] >= 0;
    if (!known)
        return bsr_fail(err, BSR_EUSAGE, path, "says nothing of any of the %zu pictures", sources->count);
    if (notes && known < sources->count)
        bytes_append_format(notes, "%s: says nothing of %zu of the %zu pictures; these are left out\n", path,
                            sources->count - known, sources->count);
    return BSR_OK;
}

bsr_status truth_read_labels(int *labels, const char *path, const struct sources *sources,
                             const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err)
{
    struct truth_index index = {0};
    struct bytes       text = {0};
    struct table       table = {.line = 1, .path = path};
    bsr_status         status = file_read(&text, path, TRUTH_MAX_BYTES, err);

    if (status == BSR_OK && text.size && memchr(text.data, 0, text.size))
        status = bsr_fail(err, BSR_EFORMAT, path, "is no table of text");
    if (status == BSR_OK)
        status = truth_index_open(&index, sources, err);
    for (size_t i = 0; i < sources->count; i++)
        labels[i] = -1;
    table.at = text.size ? (char *)text.data : NULL;
    while (status == BSR_OK && table.at && *table.at)
        status = read_line(&table, labels, &index, classes, err);
    if (status == BSR_OK)
        status = check_labels(labels, path, sources, notes, err);
    truth_index_close(&index);
    bytes_free(&text);
    return status;
}
