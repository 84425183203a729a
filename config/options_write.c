#include "base/alloc.h"
#include "base/shell.h"
#include "config/config_file.h"
#include "config/option_table.h"

#include <string.h>

bsr_status options_window_file(char **path, enum command command, struct bsr_error *err)
{
    const char *other = command == COMMAND_LIVE ? "window-live.cfg" : "window.cfg";
    char       *own = NULL;
    bsr_status  status = config_file_own(&own, err);

    if (status != BSR_OK || !own) {
        *path = status == BSR_OK ? NULL : *path;
        return status;
    }
    struct bytes name = {0};
    bytes_append(&name, own, (size_t)(strrchr(own, '/') + 1 - own));
    bytes_append_text(&name, other);
    mem_free(own);
    char *copy = name.failed ? NULL : mem_copy_text(bytes_text(&name));
    bytes_free(&name);
    if (!copy)
        return bsr_fail_memory(err, other, strlen(other) + 1);
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

/* ---- as it is typed ------------------------------------------------------------------------------ */

static void append_list(const struct option_list *list, struct bytes *out)
{
    for (size_t i = 0; i < list->count; i++)
        bytes_append_format(out, "%s%s", i ? "," : "", list->items[i]);
}

/* The value's text, for the types that are one word. */
static void append_value(const struct options *options, const struct option_row *row, struct bytes *out)
{
    const void                 *field = (const char *)options + row->offset;
    const struct option_extent *extent = field;
    const struct option_shard  *shard = field;
    int                         length = 0;
    const char                 *word;

    switch (row->type) {
    case TYPE_INTEGER:
        bytes_append_format(out, "%d", *(const int *)field);
        break;
    case TYPE_REAL:
        bytes_append_format(out, "%.9g", *(const double *)field);
        break;
    case TYPE_BYTES:
    case TYPE_AMOUNT:
        bytes_append_format(out, "%llu", (unsigned long long)*(const uint64_t *)field);
        break;
    case TYPE_CHOICE:
        word = option_choice(row, (int)*(const unsigned *)field, &length);
        bytes_append_format(out, "%.*s", length, word ? word : "");
        break;
    case TYPE_SQUARE:
    case TYPE_EXTENT:
        bytes_append_format(out, "%dx%d", extent->width, extent->height);
        break;
    case TYPE_SHARD:
        bytes_append_format(out, "%d/%d", shard->index, shard->count);
        break;
    case TYPE_LIST:
        append_list(field, out);
        break;
    default: /* of text */
        bytes_append_text(out, *(char *const *)field ? *(char *const *)field : "");
    }
}

static void append_switch(const struct option_row *row, bool on, struct bytes *out)
{
    if (on)
        bytes_append_format(out, " %s", row->flag);
    else if (option_is_negatable(row))
        bytes_append_format(out, " --no-%s", option_name(row));
}

static void append_option(const struct options *options, const struct option_row *row, struct bytes *out)
{
    const void               *field = (const char *)options + row->offset;
    const struct option_list *list = field;
    struct bytes              value = {0};

    switch (row->type) {
    case TYPE_FLAG:
        append_switch(row, *(const bool *)field, out);
        return;
    case TYPE_UNFLAG: /* its opposite, where there is one, is written by that one's row */
        return;
    case TYPE_TALLY:
        for (int i = 0; i < *(const int *)field; i++)
            bytes_append_format(out, " %s", row->flag);
        return;
    case TYPE_REPEAT:
        for (size_t i = 0; i < list->count; i++) {
            bytes_append_format(out, " %s", row->flag);
            shell_append_word(out, list->items[i]);
        }
        return;
    default:
        break;
    }
    append_value(options, row, &value);
    if (row->type == TYPE_OPTPATH) { /* the value belongs to the word */
        struct bytes word = {0};
        bytes_append_format(&word, "%s=%s", row->flag, bytes_text(&value));
        shell_append_word(out, bytes_text(&word));
        bytes_free(&word);
    } else {
        bytes_append_format(out, " %s", row->flag);
        shell_append_word(out, bytes_text(&value));
    }
    out->failed = out->failed || value.failed;
    bytes_free(&value);
}

void options_write_line(const struct options *options, const enum option_id *left_out, size_t count,
                        struct bytes *out)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        bool out_of_it = !options->origins[i] || !option_is_in(&option_rows[i], options->command);
        for (size_t n = 0; n < count; n++)
            out_of_it = out_of_it || (int)left_out[n] == i;
        if (!out_of_it)
            append_option(options, &option_rows[i], out);
    }
}
