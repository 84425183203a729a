#include "config/card_keys.h"

#include "base/alloc.h"
#include "config/card_names.h"
#include "config/settings.h"

#include <stdio.h>
#include <string.h>

enum { MAX_SIDE = 65535, MAX_STRIDE = 4096, MAX_DETECTIONS = 100000, SHA256_DIGITS = 64 };

/* A card as it is read. */
struct reader {
    struct card      *card;
    const char       *path;
    struct bsr_error *err;
};

/* A key: how its setting is read, into which field. */
struct card_key {
    const char *name;
    bsr_status (*read)(const struct reader *, const config_setting_t *, const struct card_key *);
    size_t                 offset;
    double                 least, most; /* of numbers */
    const char            *words[4];    /* of a choice: values `first`, first + 1, ... */
    int                    first;
    const struct card_key *keys; /* of a group */
};

static void *field_of(const struct reader *reader, const struct card_key *key)
{
    return (char *)reader->card + key->offset;
}

/* "path:line: input.pad: must be ..." */
static bsr_status refuse(const struct reader *reader, const config_setting_t *at, const char *what)
{
    char space[256];
    return settings_fail(reader->path, at, reader->err, "%s: %s", settings_key(at, space, sizeof space),
                         what);
}

static bsr_status refuse_range(const struct reader *reader, const config_setting_t *at,
                               const struct card_key *key, const char *what)
{
    char sentence[128];
    snprintf(sentence, sizeof sentence, "must be %s of %.15g to %.15g", what, key->least, key->most);
    return refuse(reader, at, sentence);
}

static bsr_status read_whole(const struct reader *reader, const config_setting_t *at,
                             const struct card_key *key)
{
    long long whole = 0;
    if (!settings_is_whole(at, &whole) || (double)whole < key->least || (double)whole > key->most)
        return refuse_range(reader, at, key, "a whole number");
    *(int *)field_of(reader, key) = (int)whole;
    return BSR_OK;
}

static bsr_status read_real(const struct reader *reader, const config_setting_t *at,
                            const struct card_key *key)
{
    double real = 0;
    if (!settings_is_real(at, &real) || !(real >= key->least && real <= key->most))
        return refuse_range(reader, at, key, "a number");
    *(double *)field_of(reader, key) = real;
    return BSR_OK;
}

/* A word of `words`; its number, counted from key->first. */
static bsr_status find_word(const struct reader *reader, const config_setting_t *at,
                            const struct card_key *key, int *value)
{
    enum { WORDS = sizeof key->words / sizeof *key->words };
    const char *text = config_setting_get_string(at);
    char        list[64] = "";
    for (int i = 0; i < WORDS && key->words[i]; i++) {
        if (text && strcmp(text, key->words[i]) == 0) {
            *value = key->first + i;
            return BSR_OK;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s\"%s\"", used ? ", " : "", key->words[i]);
    }
    char sentence[96];
    snprintf(sentence, sizeof sentence, "must be one of %s", list);
    return refuse(reader, at, sentence);
}

static bsr_status read_choice(const struct reader *reader, const config_setting_t *at,
                              const struct card_key *key)
{
    int        value = 0;
    bsr_status status = find_word(reader, at, key, &value);
    if (status == BSR_OK)
        *(unsigned *)field_of(reader, key) = (unsigned)value;
    return status;
}

/* One of two words, into a bool: the second is true. */
static bsr_status read_either(const struct reader *reader, const config_setting_t *at,
                              const struct card_key *key)
{
    int        value = 0;
    bsr_status status = find_word(reader, at, key, &value);
    if (status == BSR_OK)
        *(bool *)field_of(reader, key) = value == 1;
    return status;
}

static bsr_status read_flag(const struct reader *reader, const config_setting_t *at,
                            const struct card_key *key)
{
    if (config_setting_type(at) != CONFIG_TYPE_BOOL)
        return refuse(reader, at, "must be true or false");
    *(bool *)field_of(reader, key) = config_setting_get_bool(at) != 0;
    return BSR_OK;
}

static bool is_sequence(const config_setting_t *at)
{
    return config_setting_is_array(at) || config_setting_is_list(at);
}

/* One number for all channels, or a list of one or three. */
static bsr_status read_channels(const struct reader *reader, const config_setting_t *at,
                                const struct card_key *key)
{
    float *channels = field_of(reader, key);
    bool   single = !is_sequence(at);
    int    count = single ? 1 : config_setting_length(at);
    if (count != 1 && count != 3)
        return refuse(reader, at, "must be one number or three");
    for (int i = 0; i < 3; i++) {
        const config_setting_t *item =
            single ? at : config_setting_get_elem(at, count == 3 ? (unsigned)i : 0);
        double real = 0;
        if (!settings_is_real(item, &real) || !(real >= key->least && real <= key->most))
            return refuse_range(reader, at, key, "numbers");
        channels[i] = (float)real;
    }
    return BSR_OK;
}

static bsr_status read_strides(const struct reader *reader, const config_setting_t *at,
                               const struct card_key *key)
{
    int count = is_sequence(at) ? config_setting_length(at) : 0;
    if (count < 1 || count > CARD_MAX_HEADS)
        return refuse(reader, at, "must be a list of 1 to 8 whole numbers");
    int *strides = field_of(reader, key);
    for (int i = 0; i < count; i++) {
        long long stride = 0;
        if (!settings_is_whole(config_setting_get_elem(at, (unsigned)i), &stride) ||
            (double)stride < key->least || (double)stride > key->most)
            return refuse_range(reader, at, key, "whole numbers");
        strides[i] = (int)stride;
    }
    if (reader->card->head_count && reader->card->head_count != count)
        return refuse(reader, at, "strides and anchors must be of the same number of heads");
    reader->card->head_count = count;
    return BSR_OK;
}

/* Reads width, height, width, height ... of one head, or pairs of them; returns how many pairs, 0 for a
 * fault. */
static int read_head(const config_setting_t *at, const struct card_key *key,
                     float anchors[CARD_MAX_ANCHORS][2])
{
    int count = is_sequence(at) ? config_setting_length(at) : 0;
    int numbers = 0;
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(at, (unsigned)i);
        bool                    pair = is_sequence(item);
        if (pair && config_setting_length(item) != 2)
            return 0;
        for (int j = 0; j < (pair ? 2 : 1); j++) {
            double real = 0;
            if (!settings_is_real(pair ? config_setting_get_elem(item, (unsigned)j) : item, &real) ||
                !(real >= key->least && real <= key->most) || numbers == 2 * CARD_MAX_ANCHORS)
                return 0;
            anchors[numbers / 2][numbers % 2] = (float)real;
            numbers++;
        }
    }
    return numbers % 2 == 0 ? numbers / 2 : 0;
}

static bsr_status read_anchors(const struct reader *reader, const config_setting_t *at,
                               const struct card_key *key)
{
    struct card *card = reader->card;
    int          count = is_sequence(at) ? config_setting_length(at) : 0;
    if (count < 1 || count > CARD_MAX_HEADS)
        return refuse(reader, at, "must be a list of 1 to 8 heads: ( [10, 13, 16, 30], ... )");
    for (int i = 0; i < count; i++) {
        int pairs = read_head(config_setting_get_elem(at, (unsigned)i), key, card->anchors[i]);
        if (pairs == 0)
            return refuse(reader, at, "each head must be 1 to 8 pairs of width and height in pixels");
        if (card->anchor_count && card->anchor_count != pairs)
            return refuse(reader, at, "all heads must have the same number of anchors");
        card->anchor_count = pairs;
    }
    if (card->head_count && card->head_count != count)
        return refuse(reader, at, "strides and anchors must be of the same number of heads");
    card->head_count = count;
    return BSR_OK;
}

static bsr_status read_file(const struct reader *reader, const config_setting_t *at,
                            const struct card_key *key)
{
    const char *text = config_setting_get_string(at);
    if (!text || !text[0])
        return refuse(reader, at, "must be the model's file name");
    const char *fault = NULL;
    char       *path = card_path_beside(reader->path, text, &fault);
    if (fault)
        return refuse(reader, at, fault);
    if (!path)
        return bsr_fail_memory(reader->err, reader->path, strlen(text));
    *(char **)field_of(reader, key) = path;
    return BSR_OK;
}

static bsr_status read_sha256(const struct reader *reader, const config_setting_t *at,
                              const struct card_key *key)
{
    const char *text = config_setting_get_string(at);
    if (!text || strlen(text) != SHA256_DIGITS || strspn(text, "0123456789abcdefABCDEF") != SHA256_DIGITS)
        return refuse(reader, at, "must be 64 hexadecimal digits");
    char *copy = mem_copy_text(text);
    if (!copy)
        return bsr_fail_memory(reader->err, reader->path, SHA256_DIGITS);
    for (char *digit = copy; *digit; digit++)
        if (*digit >= 'A' && *digit <= 'F')
            *digit = (char)(*digit - 'A' + 'a');
    *(char **)field_of(reader, key) = copy;
    return BSR_OK;
}

static bsr_status read_names(const struct reader *reader, const config_setting_t *at,
                             const struct card_key *key)
{
    (void)key;
    if (is_sequence(at))
        return card_names_from_list(reader->card, reader->path, at, reader->err);
    const char *text = config_setting_get_string(at);
    if (!text || !text[0])
        return refuse(reader, at, "must be a list of names, or the name of a file with one a line");
    const char *fault = NULL;
    char       *path = card_path_beside(reader->path, text, &fault);
    if (fault)
        return refuse(reader, at, fault);
    if (!path)
        return bsr_fail_memory(reader->err, reader->path, strlen(text));
    bsr_status status = card_names_from_file(reader->card, path, reader->err);
    mem_free(path);
    return status;
}

/* "name=value", a line each, of the numbers in a group; whatever else is there is passed over. */
static bsr_status keep_scores(const struct reader *reader, const config_setting_t *scores)
{
    struct bytes text = {0};
    double       value;
    int          count = scores && config_setting_is_group(scores) ? config_setting_length(scores) : 0;

    for (int i = 0; i < count; i++) {
        const config_setting_t *score = config_setting_get_elem(scores, (unsigned)i);
        if (settings_is_real(score, &value))
            bytes_append_format(&text, "%s=%.6g\n", config_setting_name(score), value);
    }
    if (text.size && !text.failed)
        reader->card->scores = mem_copy_text(bytes_text(&text));
    bool kept = !text.failed && (reader->card->scores || !text.size);
    bytes_free(&text);
    return kept ? BSR_OK : bsr_fail_memory(reader->err, reader->path, 0);
}

/* What a person writes about the model is theirs; the licence and the scores are shown by `model list`. */
static bsr_status read_about(const struct reader *reader, const config_setting_t *at,
                             const struct card_key *key)
{
    const char *licence = NULL;

    (void)key;
    if (!config_setting_is_group(at))
        return refuse(reader, at, "must be a group: about = { ... };");
    if (config_setting_lookup_string(at, "licence", &licence)) {
        reader->card->licence = mem_copy_text(licence);
        if (!reader->card->licence)
            return bsr_fail_memory(reader->err, reader->path, strlen(licence) + 1);
    }
    return keep_scores(reader, config_setting_get_member(at, "scores"));
}

static const struct card_key *find_key(const struct card_key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static bsr_status refuse_key(const struct reader *reader, const config_setting_t *at,
                             const struct card_key *keys)
{
    const char *known[32];
    size_t      count = 0;
    for (; keys->name && count + 1 < sizeof known / sizeof *known; keys++)
        known[count++] = keys->name;
    known[count] = NULL;
    return settings_fail_unknown(reader->path, at, known, reader->err);
}

static bsr_status read_keys(const struct reader *reader, const config_setting_t *group,
                            const struct card_key *keys)
{
    bsr_status status = BSR_OK;
    int        count = config_setting_length(group);
    for (int i = 0; status == BSR_OK && i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        const struct card_key  *key = find_key(keys, config_setting_name(at));
        status = key ? key->read(reader, at, key) : refuse_key(reader, at, keys);
    }
    return status;
}

static bsr_status read_group(const struct reader *reader, const config_setting_t *at,
                             const struct card_key *key)
{
    if (!config_setting_is_group(at))
        return refuse(reader, at, "must be a group: { ... };");
    return read_keys(reader, at, key->keys);
}

#define FIELD(name) .offset = offsetof(struct card, name)

static const struct card_key input_keys[] = {
    {"width", read_whole, FIELD(width), .least = 1, .most = MAX_SIDE},
    {"height", read_whole, FIELD(height), .least = 1, .most = MAX_SIDE},
    {"color", read_choice, FIELD(colour), .words = {"rgb", "bgr", "luma"}, .first = CARD_RGB},
    {"scale", read_channels, FIELD(scale), .least = -1e6, .most = 1e6},
    {"mean", read_channels, FIELD(mean), .least = -1e6, .most = 1e6},
    {"letterbox", read_either, FIELD(rect), .words = {"square", "rect"}},
    {"profile", read_either, FIELD(as_stored), .words = {"apply", "ignore"}},
    {"pad", read_whole, FIELD(pad), .least = 0, .most = 255},
    {0},
};

static const struct card_key output_keys[] = {
    {"kind", read_choice, FIELD(output), .words = {"yolov5", "srcnn", "logits"}, .first = CARD_YOLOV5},
    {"strides", read_strides, FIELD(strides), .least = 1, .most = MAX_STRIDE},
    {"anchors", read_anchors, FIELD(anchors), .least = 0.01, .most = MAX_SIDE},
    {0},
};

static const struct card_key card_keys[] = {
    {"task", read_choice, FIELD(task), .words = {"detect", "upscale", "classify"}, .first = CARD_DETECT},
    {"file", read_file, FIELD(file)},
    {"sha256", read_sha256, FIELD(sha256)},
    {"input", read_group, .keys = input_keys},
    {"output", read_group, .keys = output_keys},
    {.name = "names", .read = read_names},
    {"confidence", read_real, FIELD(confidence), .least = 0, .most = 1},
    {"iou", read_real, FIELD(iou), .least = 0, .most = 1},
    {"agnostic", read_flag, FIELD(agnostic)},
    {"max_detections", read_whole, FIELD(max_detections), .least = 1, .most = MAX_DETECTIONS},
    {.name = "about", .read = read_about},
    {0},
};

bsr_status card_keys_read(struct card *card, const char *path, const config_setting_t *root,
                          struct bsr_error *err)
{
    const struct reader reader = {.card = card, .path = path, .err = err};
    return read_keys(&reader, root, card_keys);
}
