#include "config/net_values.h"

#include "base/alloc.h"
#include "base/tensor.h"
#include "config/card_names.h"

#include <stdio.h>
#include <string.h>

/* ---- the common
 * ---------------------------------------------------------------------------------------------- */

bsr_status net_refuse(const struct net_reader *reader, const config_setting_t *at, const char *what)
{
    char        space[256];
    const char *key = settings_key(at, space, sizeof space);
    return *key ? settings_fail(reader->path, at, reader->err, "%s: %s", key, what)
                : settings_fail(reader->path, at, reader->err, "%s", what);
}

bool net_is_sequence(const config_setting_t *at)
{
    return config_setting_is_array(at) || config_setting_is_list(at);
}

static bsr_status refuse_key(const struct net_reader *reader, const config_setting_t *at,
                             const struct net_key *keys)
{
    const char *known[32];
    size_t      count = 0;
    for (; keys->name && count + 1 < sizeof known / sizeof *known; keys++)
        known[count++] = keys->name;
    known[count] = NULL;
    return settings_fail_unknown(reader->path, at, known, reader->err);
}

bsr_status net_read_group(const struct net_reader *reader, const config_setting_t *group,
                          const struct net_key *keys, void *into)
{
    if (!config_setting_is_group(group))
        return net_refuse(reader, group, "must be a group: { ... }");
    int count = config_setting_length(group);
    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        const struct net_key   *key = keys;
        while (key->name && strcmp(key->name, config_setting_name(at)) != 0)
            key++;
        bsr_status status =
            key->name ? key->read(reader, at, (char *)into + key->offset) : refuse_key(reader, at, keys);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

bsr_status net_read_list(const struct net_reader *reader, const config_setting_t *list, void *out, int *count,
                         size_t size, int most,
                         bsr_status (*read)(const struct net_reader *, const config_setting_t *, void *))
{
    char sentence[96];
    int  length = config_setting_is_list(list) ? config_setting_length(list) : -1;

    snprintf(sentence, sizeof sentence, "must be a list of 1 to %d groups: ( { ... }, { ... } )", most);
    if (length < 1 || length > most)
        return net_refuse(reader, list, sentence);
    char *items = mem_alloc_zeroed((size_t)length, size);
    if (!items)
        return bsr_fail_memory(reader->err, reader->path, (size_t)length * size);
    memcpy(out, &items, sizeof items);
    for (int i = 0; i < length; i++) {
        ++*count;
        bsr_status status =
            read(reader, config_setting_get_elem(list, (unsigned)i), items + (size_t)i * size);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* ---- numbers
 * --------------------------------------------------------------------------------------------------- */

bsr_status net_read_whole(const struct net_reader *reader, const config_setting_t *at, long long least,
                          long long most, int64_t *value)
{
    char      sentence[96];
    long long whole = 0;

    snprintf(sentence, sizeof sentence, "must be a whole number of %lld to %lld", least, most);
    if (!settings_is_whole(at, &whole) || whole < least || whole > most)
        return net_refuse(reader, at, sentence);
    *value = whole;
    return BSR_OK;
}

/* One number for rows and columns, or two. */
bsr_status net_read_pair(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    enum { MOST = 65535 };
    int64_t *pair = into;

    if (!net_is_sequence(at)) {
        bsr_status status = net_read_whole(reader, at, 1, MOST, &pair[0]);
        pair[1] = pair[0];
        return status;
    }
    if (config_setting_length(at) != 2)
        return net_refuse(reader, at, "must be one number, or two: [rows, columns]");
    bsr_status status = net_read_whole(reader, config_setting_get_elem(at, 0), 1, MOST, &pair[0]);
    return status == BSR_OK ? net_read_whole(reader, config_setting_get_elem(at, 1), 1, MOST, &pair[1])
                            : status;
}

/* ---- texts
 * ----------------------------------------------------------------------------------------------------- */

bsr_status net_read_text(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    char      **text = into;
    const char *value = config_setting_get_string(at);
    if (!value)
        return net_refuse(reader, at, "must be a text: \"...\"");
    char *copy = mem_copy_text(value);
    if (!copy)
        return bsr_fail_memory(reader->err, reader->path, strlen(value));
    mem_free(*text);
    *text = copy;
    return BSR_OK;
}

bsr_status net_read_name(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    const char *value = config_setting_get_string(at);
    if (value && !*value)
        return net_refuse(reader, at, "must not be empty");
    return net_read_text(reader, at, into);
}

/* A text, or a list of them. */
bsr_status net_read_names(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_names *names = into;
    bool              single = config_setting_type(at) == CONFIG_TYPE_STRING;
    int               count = single ? 1 : net_is_sequence(at) ? config_setting_length(at) : -1;

    if (count < 0 || count > NET_MAX_LIST)
        return net_refuse(reader, at, "must be a name or a list of names: [\"a\", \"b\"]");
    if (names->items)
        return net_refuse(reader, at, "is said twice (input and inputs, or output and outputs)");
    names->items = mem_alloc_zeroed((size_t)count + 1, sizeof *names->items);
    if (!names->items)
        return bsr_fail_memory(reader->err, reader->path, (size_t)count * sizeof *names->items);
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = single ? at : config_setting_get_elem(at, (unsigned)i);
        bsr_status              status = net_read_text(reader, item, &names->items[i]);
        names->count++;
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

void net_names_free(struct net_names *names)
{
    for (int i = 0; i < names->count; i++)
        mem_free(names->items[i]);
    mem_free(names->items);
    *names = (struct net_names){.items = NULL};
}

/* ---- types and shapes, into struct net_source
 * ------------------------------------------------------------------ */

bsr_status net_read_type(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_source *source = into;
    const char        *text = config_setting_get_string(at);

#define IS_TYPE(type_, value, bytes, type_name)                                                              \
    if (text && strcmp(text, type_name) == 0) {                                                              \
        source->type = type_;                                                                                \
        return BSR_OK;                                                                                       \
    }
    BSR_TYPE_LIST(IS_TYPE)
#undef IS_TYPE
#define NAME(type_, value, bytes, type_name) " " type_name
    return net_refuse(reader, at, "must be one of" BSR_TYPE_LIST(NAME));
#undef NAME
}

bsr_status net_read_shape(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_source *source = into;
    int                count = net_is_sequence(at) ? config_setting_length(at) : -1;

    if (count < 0 || count > BSR_MAX_DIMS)
        return net_refuse(reader, at, "must be a list of 0 to 8 sides: [1, 3, 224, 224]");
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(at, (unsigned)i);
        bsr_status              status = net_read_whole(reader, item, -1, NET_MAX_SIDE, &source->shape[i]);
        if (status != BSR_OK)
            return status;
    }
    source->dims = count;
    return BSR_OK;
}

/* ---- where numbers come from
 * ------------------------------------------------------------------------------------- */

static bsr_status set_kind(const struct net_reader *reader, const config_setting_t *at,
                           struct net_source *source, enum net_source_kind kind)
{
    if (source->kind != NET_NOT_GIVEN)
        return net_refuse(reader, at, "numbers come from one place: file, values or fill");
    source->kind = kind;
    return BSR_OK;
}

bsr_status net_read_file(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_source *source = into;
    const char        *text = config_setting_get_string(at), *fault = NULL;
    if (!text || !*text)
        return net_refuse(reader, at, "must be the name of a file (.npy, or raw numbers)");
    bsr_status status = set_kind(reader, at, source, NET_FILE);
    if (status != BSR_OK)
        return status;
    source->file = card_path_beside(reader->path, text, &fault);
    if (fault)
        return net_refuse(reader, at, "must not leave this file's folder by \"..\"; write the full path");
    return source->file ? BSR_OK : bsr_fail_memory(reader->err, reader->path, strlen(text));
}

bsr_status net_read_values(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_source *source = into;
    int                count = net_is_sequence(at) ? config_setting_length(at) : -1;
    bsr_status         status = set_kind(reader, at, source, NET_VALUES);

    if (status != BSR_OK)
        return status;
    if (count < 0 || count > NET_MAX_LIST)
        return net_refuse(reader, at, "must be a list of up to 4096 numbers");
    source->values = mem_alloc_zeroed((size_t)count + 1, sizeof *source->values);
    if (!source->values)
        return bsr_fail_memory(reader->err, reader->path, (size_t)count * sizeof *source->values);
    for (int i = 0; i < count; i++)
        if (!settings_is_real(config_setting_get_elem(at, (unsigned)i), &source->values[i]))
            return net_refuse(reader, at, "must be numbers");
    source->value_count = count;
    return BSR_OK;
}

bsr_status net_read_fill(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_source *source = into;
    double             value = 0;
    bsr_status         status = set_kind(reader, at, source, NET_FILL);

    if (status != BSR_OK)
        return status;
    if (!settings_is_real(at, &value))
        return net_refuse(reader, at, "must be a number");
    source->values = mem_alloc_zeroed(1, sizeof *source->values);
    if (!source->values)
        return bsr_fail_memory(reader->err, reader->path, sizeof *source->values);
    source->values[0] = value;
    source->value_count = 1;
    return BSR_OK;
}

bsr_status net_read_source(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    static const struct net_key keys[] = {{"file", net_read_file, 0},   {"values", net_read_values, 0},
                                          {"fill", net_read_fill, 0},   {"type", net_read_type, 0},
                                          {"shape", net_read_shape, 0}, {0}};
    struct net_source          *source = into;
    double                      number;

    if (config_setting_is_group(at))
        return net_read_group(reader, at, keys, into);
    if (config_setting_type(at) == CONFIG_TYPE_STRING)
        return net_read_file(reader, at, into);
    if (net_is_sequence(at))
        return net_read_values(reader, at, into);
    if (settings_is_real(at, &number))
        return net_read_fill(reader, at, into);
    if (config_setting_type(at) == CONFIG_TYPE_BOOL && !config_setting_get_bool(at))
        return set_kind(reader, at, source, NET_NONE);
    return net_refuse(reader, at,
                      "must be a file's name, numbers, false, or a group with file, values or fill");
}

void net_source_free(struct net_source *source)
{
    mem_free(source->file);
    mem_free(source->values);
    *source = (struct net_source){.kind = NET_NOT_GIVEN};
}
