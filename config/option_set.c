#include "config/option_set.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "config/text_values.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A piece of memory that the options own. */
struct option_text {
    struct option_text *next;
    max_align_t         data[];
};

void *options_keep(struct options *options, size_t bytes)
{
    if (bytes > SIZE_MAX - sizeof(struct option_text))
        return NULL;
    struct option_text *kept = mem_alloc(sizeof *kept + bytes);
    if (!kept)
        return NULL;
    kept->next = options->texts;
    options->texts = kept;
    return kept->data;
}

char *options_keep_text(struct options *options, const char *text, size_t length)
{
    char *copy = options_keep(options, length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void options_free(struct options *options)
{
    while (options->texts) {
        struct option_text *next = options->texts->next;
        mem_free(options->texts);
        options->texts = next;
    }
    *options = (struct options){0};
}

/* What the setters of the types below work on. */
struct setting {
    struct options            *options;
    const struct option_row   *row;
    const struct option_value *value;
    void                      *field;
    const char                *origin;
    struct bsr_error          *err;
};

/* A copy of the text, as the field's new value. */
static bsr_status set_text(const struct setting *s, const char *text)
{
    char *copy = options_keep_text(s->options, text, strlen(text));
    if (!copy)
        return bsr_fail_memory(s->err, s->origin, strlen(text) + 1);
    *(char **)s->field = copy;
    return BSR_OK;
}

/* "--conf: "abc" is no number", with the value as it was written; in a file the key stands before it. */
static bsr_status refuse(const struct setting *s, const char *why)
{
    const struct option_value *value = s->value;
    const char                *key = value->key ? value->key : "";
    const char                *colon = value->key ? ": " : "";
    switch (value->kind) {
    case VALUE_TEXT:
        return bsr_fail(s->err, BSR_EUSAGE, s->origin, "%s%s\"%s\" %s", key, colon, value->text, why);
    case VALUE_WHOLE:
        return bsr_fail(s->err, BSR_EUSAGE, s->origin, "%s%s%lld %s", key, colon, (long long)value->whole,
                        why);
    case VALUE_REAL:
        return bsr_fail(s->err, BSR_EUSAGE, s->origin, "%s%s%.15g %s", key, colon, value->real, why);
    case VALUE_SWITCH:
        return bsr_fail(s->err, BSR_EUSAGE, s->origin, "%s%s%s %s", key, colon, value->on ? "true" : "false",
                        why);
    default:
        return bsr_fail(s->err, BSR_EUSAGE, s->origin, "%s%sthe list %s", key, colon, why);
    }
}

static bsr_status refuse_range(const struct setting *s)
{
    char why[96];
    snprintf(why, sizeof why, "is out of range: %.15g to %.15g", s->row->least, s->row->most);
    return refuse(s, why);
}

static bsr_status set_switch(const struct setting *s)
{
    if (s->value->kind != VALUE_SWITCH)
        return refuse(s, "is neither true nor false");
    *(bool *)s->field = s->value->on == (s->row->type == TYPE_FLAG);
    return BSR_OK;
}

/* "auto" of --tile. */
static bool is_word_for_zero(const struct setting *s)
{
    const char *word = s->row->fallback;
    int64_t     whole;
    return word && s->value->kind == VALUE_TEXT && strcmp(s->value->text, word) == 0 &&
           !text_to_whole(&whole, word);
}

static bsr_status set_integer(const struct setting *s)
{
    int64_t whole = s->value->whole;
    bool    from_line = s->value->kind == VALUE_TEXT && !s->value->key;
    if (is_word_for_zero(s)) {
        *(int *)s->field = 0;
        return BSR_OK;
    }
    if (from_line ? !text_to_whole(&whole, s->value->text) : s->value->kind != VALUE_WHOLE)
        return refuse(s, "is no whole number");
    if ((double)whole < s->row->least || (double)whole > s->row->most)
        return refuse_range(s);
    *(int *)s->field = (int)whole;
    return BSR_OK;
}

/* -v adds one each time, --no-verbose goes back to none, a file gives the number. */
static bsr_status set_tally(const struct setting *s)
{
    if (s->value->kind != VALUE_SWITCH)
        return set_integer(s);
    int *tally = s->field;
    *tally = !s->value->on ? 0 : *tally < s->row->most ? *tally + 1 : *tally;
    return BSR_OK;
}

static bsr_status set_real(const struct setting *s)
{
    double real = s->value->kind == VALUE_WHOLE ? (double)s->value->whole : s->value->real;
    bool   from_line = s->value->kind == VALUE_TEXT && !s->value->key;
    bool   is_real = s->value->kind == VALUE_REAL || s->value->kind == VALUE_WHOLE;
    if (from_line ? !text_to_real(&real, s->value->text) : !is_real)
        return refuse(s, "is no number");
    if (!(real >= s->row->least && real <= s->row->most))
        return refuse_range(s);
    *(double *)s->field = real;
    return BSR_OK;
}

static bsr_status set_large(const struct setting *s)
{
    bool        bytes = s->row->type == TYPE_BYTES;
    const char *why = bytes ? "is no size: write it as 2G, 512M or a number of bytes"
                            : "is no amount: write it as 500M, 20k or a number";
    bool        is_good = s->value->kind == VALUE_WHOLE && s->value->whole >= 0;
    uint64_t    large = is_good ? (uint64_t)s->value->whole : 0;
    if (s->value->kind == VALUE_TEXT)
        is_good = (bytes ? text_to_bytes : text_to_amount)(&large, s->value->text);
    if (!is_good)
        return refuse(s, why);
    if (s->row->most > 0 && ((double)large < s->row->least || (double)large > s->row->most))
        return refuse_range(s);
    *(uint64_t *)s->field = large;
    return BSR_OK;
}

static bsr_status set_plain_text(const struct setting *s)
{
    if (s->value->kind != VALUE_TEXT)
        return refuse(s, "is no text: put it in quotes");
    bool needs = s->row->type != TYPE_TEXT || s->row->least > 0;
    if (needs && !s->value->text[0])
        return refuse(s, "is empty");
    return set_text(s, s->value->text);
}

/* --json: standard output where only asked for, a file where named. */
static bsr_status set_optional_path(const struct setting *s)
{
    if (s->value->kind != VALUE_SWITCH)
        return set_plain_text(s);
    if (s->value->on)
        return set_text(s, "-");
    *(char **)s->field = NULL;
    return BSR_OK;
}

/* The nearest of the choices, or NULL. Its `best` ends where the choice does only by *length. */
static const char *nearest_choice(const struct setting *s, int *length)
{
    struct nearest nearest = nearest_start(s->value->text);
    const char    *best = NULL;
    int            candidate_length = 0;
    for (int n = 0; option_choice(s->row, n, &candidate_length); n++) {
        char candidate[NEAREST_MAX_LENGTH];
        if ((size_t)candidate_length >= sizeof candidate)
            continue;
        memcpy(candidate, option_choice(s->row, n, &candidate_length), (size_t)candidate_length);
        candidate[candidate_length] = '\0';
        size_t before = nearest.distance;
        nearest_offer(&nearest, candidate);
        if (nearest.distance < before) {
            best = option_choice(s->row, n, &candidate_length);
            *length = candidate_length;
        }
    }
    return best;
}

static bsr_status refuse_choice(const struct setting *s)
{
    struct bytes why = {0};
    int          length = 0;
    const char  *near = s->value->kind == VALUE_TEXT ? nearest_choice(s, &length) : NULL;
    bytes_append_text(&why, "is none of ");
    option_append_choices(s->row, NULL, &why);
    if (near)
        bytes_append_format(&why, "; did you mean %.*s?", length, near);
    bsr_status status = refuse(s, why.failed ? "is none of the choices" : bytes_text(&why));
    bytes_free(&why);
    return status;
}

static bsr_status set_choice(const struct setting *s)
{
    if (s->value->kind != VALUE_TEXT)
        return refuse_choice(s);
    size_t text_length = strlen(s->value->text);
    int    length = 0;
    for (unsigned n = 0; option_choice(s->row, (int)n, &length); n++) {
        const char *choice = option_choice(s->row, (int)n, &length);
        if (text_length == (size_t)length && memcmp(choice, s->value->text, text_length) == 0) {
            *(unsigned *)s->field = n;
            return BSR_OK;
        }
    }
    return refuse_choice(s);
}

/* Room for `count` items; NULL when out of memory. */
static char **keep_items(const struct setting *s, size_t count)
{
    size_t bytes = mem_product(count, sizeof(char *));
    return bytes ? options_keep(s->options, bytes) : NULL;
}

static bsr_status set_items(const struct setting *s)
{
    struct option_list list = {0};
    if (s->value->item_count)
        list.items = keep_items(s, s->value->item_count);
    if (s->value->item_count && !list.items)
        return bsr_fail_memory(s->err, s->origin, s->value->item_count * sizeof(char *));
    for (; list.count < s->value->item_count; list.count++) {
        const char *item = s->value->items[list.count];
        list.items[list.count] = options_keep_text(s->options, item, strlen(item));
        if (!list.items[list.count])
            return bsr_fail_memory(s->err, s->origin, strlen(item) + 1);
        if (!item[0])
            return refuse(s, "has an empty item");
    }
    *(struct option_list *)s->field = list;
    return BSR_OK;
}

/* "person, dog,3": blanks round the commas are no part of the items. */
static bsr_status set_comma_list(const struct setting *s)
{
    const char *at = s->value->text;
    size_t      count = 1;
    for (const char *comma = strchr(at, ','); comma; comma = strchr(comma + 1, ','))
        count++;
    struct option_list list = {.items = keep_items(s, count)};
    if (!list.items)
        return bsr_fail_memory(s->err, s->origin, count * sizeof(char *));
    for (; list.count < count; list.count++) {
        size_t whole = strcspn(at, ","), length = whole;
        size_t blanks = strspn(at, " ");
        blanks = blanks < whole ? blanks : whole;
        while (length > blanks && at[length - 1] == ' ')
            length--;
        if (length == blanks)
            return refuse(s, "has an empty item");
        list.items[list.count] = options_keep_text(s->options, at + blanks, length - blanks);
        if (!list.items[list.count])
            return bsr_fail_memory(s->err, s->origin, length + 1);
        at += at[whole] ? whole + 1 : whole;
    }
    *(struct option_list *)s->field = list;
    return BSR_OK;
}

static bsr_status set_list(const struct setting *s)
{
    if (s->value->kind == VALUE_ITEMS)
        return set_items(s);
    return s->value->kind == VALUE_TEXT ? set_comma_list(s) : refuse(s, "is no list");
}

/* One more item, as it is written; or, of a file, all of them. Those of another place are given up. */
static bsr_status set_repeated(const struct setting *s)
{
    struct option_list *list = s->field;
    const char         *before = s->options->origins[s->row->id];
    if (s->value->kind == VALUE_ITEMS)
        return set_items(s);
    if (s->value->kind != VALUE_TEXT)
        return refuse(s, "is no text: put it in quotes");
    if (!s->value->text[0])
        return refuse(s, "is empty");
    size_t kept = before && strcmp(before, s->origin) == 0 ? list->count : 0;
    char **items = keep_items(s, kept + 1);
    char  *item = options_keep_text(s->options, s->value->text, strlen(s->value->text));
    if (!items || !item)
        return bsr_fail_memory(s->err, s->origin, (kept + 1) * sizeof(char *));
    if (kept)
        memcpy(items, list->items, kept * sizeof *items);
    items[kept] = item;
    *list = (struct option_list){.items = items, .count = kept + 1};
    return BSR_OK;
}

static bsr_status set_extent(const struct setting *s)
{
    bool        square = s->row->type == TYPE_SQUARE;
    const char *why = square ? "is no size: write it as 640 or 640x480" : "is no size: write it as 640x480";
    struct option_extent extent = {0};
    int64_t              side = s->value->whole;

    bool is_side = s->value->kind == VALUE_WHOLE ||
                   (s->value->kind == VALUE_TEXT && text_to_whole(&side, s->value->text));
    if (is_side && square && side >= 0 && side <= INT_MAX)
        extent.width = extent.height = (int)side;
    else if (s->value->kind != VALUE_TEXT || !text_to_extent(&extent.width, &extent.height, s->value->text))
        return refuse(s, why);
    if (extent.width < s->row->least || extent.width > s->row->most || extent.height < s->row->least ||
        extent.height > s->row->most)
        return refuse_range(s);
    *(struct option_extent *)s->field = extent;
    return BSR_OK;
}

static bsr_status set_shard(const struct setting *s)
{
    struct option_shard shard = {0};
    if (s->value->kind != VALUE_TEXT || !text_to_shard(&shard.index, &shard.count, s->value->text))
        return refuse(s, "is no part: write it as K/N, with K from 1 to N");
    *(struct option_shard *)s->field = shard;
    return BSR_OK;
}

bsr_status option_set(struct options *options, const struct option_row *row, const struct option_value *value,
                      const char *origin, struct bsr_error *err)
{
    static bsr_status (*const setters[])(const struct setting *) = {
        [TYPE_FLAG] = set_switch,
        [TYPE_UNFLAG] = set_switch,
        [TYPE_TALLY] = set_tally,
        [TYPE_INTEGER] = set_integer,
        [TYPE_REAL] = set_real,
        [TYPE_BYTES] = set_large,
        [TYPE_AMOUNT] = set_large,
        [TYPE_TEXT] = set_plain_text,
        [TYPE_MODEL] = set_plain_text,
        [TYPE_PATH] = set_plain_text,
        [TYPE_OPTPATH] = set_optional_path,
        [TYPE_CHOICE] = set_choice,
        [TYPE_LIST] = set_list,
        [TYPE_REPEAT] = set_repeated,
        [TYPE_SQUARE] = set_extent,
        [TYPE_EXTENT] = set_extent,
        [TYPE_SHARD] = set_shard,
    };
    const struct setting setting = {
        .options = options,
        .row = row,
        .value = value,
        .field = (char *)options + row->offset,
        .origin = origin,
        .err = err,
    };
    bsr_status status = setters[row->type](&setting);
    if (status == BSR_OK)
        options->origins[row->id] = origin;
    return status;
}
