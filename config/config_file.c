#include "config/config_file.h"

#include "base/alloc.h"
#include "config/option_set.h"
#include "config/option_table.h"
#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SPACE = 256 };

struct config_file {
    struct options   *options;
    const char       *path;
    struct bsr_error *err;
};

/* The name of a key's option with underscores, in `space`. */
static const char *key_of(const struct option_row *row, char *space, size_t size)
{
    snprintf(space, size, "%s", option_name(row));
    for (char *at = space; *at; at++)
        if (*at == '-')
            *at = '_';
    return space;
}

/* "besra.cfg:12", kept by the options. */
static const char *origin_of(const struct config_file *file, const config_setting_t *at)
{
    struct bytes place = {0};
    bytes_append_format(&place, "%s:%u", file->path, (unsigned)config_setting_source_line(at));
    const char *origin = NULL;
    if (!place.failed)
        origin = options_keep_text(file->options, bytes_text(&place), place.size);
    bytes_free(&place);
    return origin;
}

/* Whether it is an array or a list of numbers and nothing else. */
static bool is_numbers(const config_setting_t *setting)
{
    double real;
    int    count = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;
    for (int i = 0; i < count; i++)
        if (!settings_is_real(config_setting_get_elem(setting, (unsigned)i), &real))
            return false;
    return count > 0;
}

/* [0, 300, 700, 300] as it is written on the command line, kept by the options; NULL when out of memory. */
static const char *join_numbers(const struct config_file *file, const config_setting_t *numbers)
{
    struct bytes text = {0};
    for (int i = 0, count = config_setting_length(numbers); i < count; i++) {
        double real = 0;
        settings_is_real(config_setting_get_elem(numbers, (unsigned)i), &real);
        bytes_append_format(&text, "%s%.15g", i ? "," : "", real);
    }
    const char *kept = text.failed ? NULL : options_keep_text(file->options, bytes_text(&text), text.size);
    bytes_free(&text);
    return kept;
}

/* The values of an option that may be given again: each is text or an array of numbers, and where there is
 * one only, it needs no list round it. Else as collect_items(). */
static const char **collect_repeated(const struct config_file *file, const config_setting_t *setting,
                                     struct option_value *value, bsr_status *status)
{
    bool         one = is_numbers(setting);
    size_t       count = one ? 1 : (size_t)config_setting_length(setting);
    const char **items = options_keep(file->options, count * sizeof *items + 1);

    value->item_count = count;
    for (size_t i = 0; items && i < count; i++) {
        const config_setting_t *item = one ? setting : config_setting_get_elem(setting, (unsigned)i);
        const char             *text = config_setting_get_string(item);
        if (!text && !is_numbers(item)) {
            *status =
                settings_fail(file->path, item, file->err,
                              "%s: item %zu is neither text nor an array of numbers", value->key, i + 1);
            return NULL;
        }
        items[i] = text ? text : join_numbers(file, item);
        if (!items[i])
            items = NULL;
    }
    if (!items)
        *status = bsr_fail_memory(file->err, file->path, count * sizeof *items);
    return items;
}

/* The text of each item; whole numbers are allowed as class numbers. NULL when out of memory, and then, or
 * when an item is neither, *fault is set. */
static const char **collect_items(const struct config_file *file, const config_setting_t *setting,
                                  const char *key, int count, bsr_status *status)
{
    const char **items = options_keep(file->options, (size_t)count * sizeof *items + 1);
    for (int i = 0; items && i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        const char             *text = config_setting_get_string(item);
        long long               whole = 0;
        if (!text && !settings_is_whole(item, &whole)) {
            *status = settings_fail(file->path, item, file->err,
                                    "%s: item %d is neither text nor a whole number", key, i + 1);
            return NULL;
        }
        char digits[32];
        if (!text)
            snprintf(digits, sizeof digits, "%lld", whole);
        items[i] = text ? text : options_keep_text(file->options, digits, strlen(digits));
        if (!items[i])
            items = NULL;
    }
    if (!items)
        *status = bsr_fail_memory(file->err, file->path, (size_t)count * sizeof *items);
    return items;
}

/* The setting as a value for option_set(). */
static bsr_status read_value(const struct config_file *file, const struct option_row *row,
                             const config_setting_t *setting, struct option_value *out)
{
    struct option_value value = {.key = out->key};
    bsr_status          status = BSR_OK;
    long long           whole = 0;
    if (settings_is_whole(setting, &whole)) {
        value.kind = VALUE_WHOLE;
        value.whole = whole;
    } else if (config_setting_type(setting) == CONFIG_TYPE_FLOAT) {
        value.kind = VALUE_REAL;
        value.real = config_setting_get_float(setting);
    } else if (config_setting_type(setting) == CONFIG_TYPE_BOOL) {
        value.kind = VALUE_SWITCH;
        value.on = config_setting_get_bool(setting);
    } else if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
        value.kind = VALUE_TEXT;
        value.text = config_setting_get_string(setting);
    } else if (config_setting_is_group(setting)) {
        status =
            settings_fail(file->path, setting, file->err, "%s: a value is needed, not a group", value.key);
    } else {
        int count = config_setting_length(setting);
        value.kind = VALUE_ITEMS;
        value.item_count = (size_t)count;
        if (row->type == TYPE_LIST)
            value.items = collect_items(file, setting, value.key, count, &status);
        else if (row->type == TYPE_REPEAT)
            value.items = collect_repeated(file, setting, &value, &status);
    }
    if (status == BSR_OK)
        *out = value;
    return status;
}

/* Applies one key, to the options or, where it is only to be checked, to a copy. */
static bsr_status apply_key(const struct config_file *file, const struct option_row *row,
                            const config_setting_t *setting)
{
    char                space[KEY_SPACE];
    struct option_value value = {.key = settings_key(setting, space, sizeof space)};
    bsr_status          status = read_value(file, row, setting, &value);
    if (status != BSR_OK)
        return status;
    const char *origin = origin_of(file, setting);
    if (!origin)
        return bsr_fail_memory(file->err, file->path, strlen(file->path));
    return option_set(file->options, row, &value, origin, file->err);
}

/* The option of this key in a group of `command` (COMMAND_NONE: at the top), or NULL. */
static const struct option_row *row_of_key(const char *key, enum command command)
{
    const struct option_row *row = command == COMMAND_NONE ? option_by_name(key, strlen(key))
                                                           : option_by_name_in(key, strlen(key), command);
    if (!row || (row->commands & LINE_ONLY) || strchr(key, '-'))
        return NULL;
    if (command == COMMAND_NONE)
        return (row->commands & IN_WRITING) == IN_WRITING ? row : NULL;
    return option_is_in(row, command) ? row : NULL;
}

/* An unknown key, one that belongs elsewhere, or one that is for the command line only. */
static bsr_status refuse_key(const struct config_file *file, const config_setting_t *setting,
                             enum command command)
{
    char                     space[KEY_SPACE];
    const char              *name = config_setting_name(setting);
    const char              *key = settings_key(setting, space, sizeof space);
    const struct option_row *row = strchr(name, '-') ? NULL : option_by_name(name, strlen(name));
    if (row && (row->commands & LINE_ONLY))
        return settings_fail(file->path, setting, file->err, "%s: only on the command line", key);
    for (int c = COMMAND_NONE + 1; row && c < COMMAND_COUNT; c++)
        if (option_is_in(row, (enum command)c) && command_has_settings((enum command)c))
            return settings_fail(file->path, setting, file->err,
                                 "%s: belongs to %s: write %s = { %s = ...; };", key,
                                 command_name((enum command)c), command_name((enum command)c), name);

    char        keys[OPTION_COUNT][32];
    const char *known[OPTION_COUNT + COMMAND_COUNT + 1];
    int         count = 0;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const char *candidate = key_of(&option_rows[i], keys[i], sizeof keys[i]);
        if (row_of_key(candidate, command))
            known[count++] = candidate;
    }
    for (int c = COMMAND_NONE + 1; command == COMMAND_NONE && command_has_settings((enum command)c); c++)
        known[count++] = command_name((enum command)c);
    known[count] = NULL;
    return settings_fail_unknown(file->path, setting, known, file->err);
}

/* Applies the keys of a group; at the top (COMMAND_NONE) commands' groups are passed over. */
static bsr_status apply_group(const struct config_file *file, const config_setting_t *group,
                              enum command command)
{
    int        count = config_setting_length(group);
    bsr_status status = BSR_OK;
    for (int i = 0; status == BSR_OK && i < count; i++) {
        const config_setting_t  *setting = config_setting_get_elem(group, (unsigned)i);
        const struct option_row *row = row_of_key(config_setting_name(setting), command);
        if (row)
            status = apply_key(file, row, setting);
        else if (command != COMMAND_NONE ||
                 !command_has_settings(command_by_name(config_setting_name(setting))))
            status = refuse_key(file, setting, command);
    }
    return status;
}

/* A group of another command: its keys are checked on a copy of the options that is thrown away. */
static bsr_status check_group(const struct config_file *file, const config_setting_t *group,
                              enum command command)
{
    struct options     copy = *file->options;
    struct config_file checked = *file;
    copy.texts = NULL;
    checked.options = &copy;
    bsr_status status = apply_group(&checked, group, command);
    options_free(&copy);
    return status;
}

static bsr_status apply_commands(const struct config_file *file, const config_setting_t *root)
{
    bsr_status status = BSR_OK;
    for (int c = COMMAND_NONE + 1; status == BSR_OK && command_has_settings((enum command)c); c++) {
        const config_setting_t *group = config_setting_get_member(root, command_name((enum command)c));
        if (group && !config_setting_is_group(group))
            status = settings_fail(file->path, group, file->err, "%s: a group is needed: %s = { ... };",
                                   command_name((enum command)c), command_name((enum command)c));
        else if (group && (enum command)c == file->options->command)
            status = apply_group(file, group, (enum command)c);
        else if (group)
            status = check_group(file, group, (enum command)c);
    }
    return status;
}

bsr_status config_file_apply(struct options *options, const char *path, struct bsr_error *err)
{
    config_t   config;
    bsr_status status = settings_read(&config, path, err);
    if (status != BSR_OK)
        return status;
    const struct config_file file = {.options = options, .path = path, .err = err};
    const config_setting_t  *root = config_root_setting(&config);
    status = apply_group(&file, root, COMMAND_NONE);
    if (status == BSR_OK)
        status = apply_commands(&file, root);
    config_destroy(&config);
    return status;
}

bsr_status config_file_own(char **path, struct bsr_error *err)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *below = "";
    if (!folder || folder[0] != '/') { /* the specification says to ignore relative ones */
        folder = getenv("HOME");
        below = "/.config";
    }
    if (!folder || folder[0] != '/') {
        *path = NULL;
        return BSR_OK;
    }
    struct bytes name = {0};
    bytes_append_format(&name, "%s%s/besra/besra.cfg", folder, below);
    char *copy = name.failed ? NULL : mem_copy_text(bytes_text(&name));
    bytes_free(&name);
    if (!copy)
        return bsr_fail_memory(err, "besra.cfg", strlen(folder));
    *path = copy;
    return BSR_OK;
}
