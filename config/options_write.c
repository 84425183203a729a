#include "base/alloc.h"
#include "config/config_file.h"
#include "config/option_table.h"

#include <string.h>

bsr_status options_window_file(char **path, struct bsr_error *err)
{
    static const char other[] = "window.cfg";
    char             *own = NULL;
    bsr_status        status = config_file_own(&own, err);

    if (status != BSR_OK || !own) {
        *path = status == BSR_OK ? NULL : *path;
        return status;
    }
    struct bytes name = {0};
    bytes_append(&name, own, (size_t)(strrchr(own, '/') + 1 - own));
    bytes_append(&name, other, sizeof other);
    mem_free(own);
    char *copy = name.failed ? NULL : mem_copy_text((const char *)name.data);
    bytes_free(&name);
    if (!copy)
        return bsr_fail_memory(err, other, sizeof other);
    *path = copy;
    return BSR_OK;
}

/* In quotes, as libconfig reads it. */
static void write_text(const char *text, struct bytes *out)
{
    bytes_append_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            bytes_append_format(out, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            bytes_append_format(out, "\\x%02x", (unsigned)*text);
        else
            bytes_append(out, text, 1);
    }
    bytes_append_text(out, "\"");
}

static void write_value(const struct options *options, const struct option_row *row, struct bytes *out)
{
    const void                 *field = (const char *)options + row->offset;
    const struct option_extent *extent = field;
    int                         length = 0;
    const char                 *word;

    switch (row->type) {
    case TYPE_FLAG:
        bytes_append_text(out, *(const bool *)field ? "true" : "false");
        break;
    case TYPE_INTEGER:
        bytes_append_format(out, "%d", *(const int *)field);
        break;
    case TYPE_REAL: /* with a point: a whole number would be read as one, too */
        bytes_append_format(out, "%.6f", *(const double *)field);
        break;
    case TYPE_CHOICE:
        word = option_choice(row, (int)*(const unsigned *)field, &length);
        bytes_append_format(out, "\"%.*s\"", length, word ? word : "");
        break;
    case TYPE_EXTENT:
        bytes_append_format(out, "\"%dx%d\"", extent->width, extent->height);
        break;
    default: /* of text; other types are not remembered */
        write_text(*(char *const *)field ? *(char *const *)field : "", out);
    }
}

void options_write_group(const struct options *options, const enum option_id *ids, size_t count,
                         struct bytes *out)
{
    bytes_append_format(out, "%s = {\n", command_name(options->command));
    for (size_t i = 0; i < count; i++) {
        const struct option_row *row = &option_rows[ids[i]];
        bytes_append_text(out, "    ");
        for (const char *at = option_name(row); *at; at++)
            bytes_append(out, *at == '-' ? "_" : at, 1);
        bytes_append_text(out, " = ");
        write_value(options, row, out);
        bytes_append_text(out, ";\n");
    }
    bytes_append_text(out, "};\n");
}
