#include "pipeline/label.h"

#include <string.h>

enum placeholder { PLACE_NAME, PLACE_SCORE, PLACE_PERCENT, PLACE_CLASS, PLACE_INDEX, PLACE_COUNT };

static const char *const placeholders[PLACE_COUNT] = {"{name}", "{score}", "{percent}", "{class}", "{index}"};

static int find_placeholder(const char *at)
{
    for (int i = 0; i < PLACE_COUNT; i++)
        if (strncmp(at, placeholders[i], strlen(placeholders[i])) == 0)
            return i;
    return -1;
}

bsr_status label_check(const char *label_template, struct bsr_error *err)
{
    for (const char *at = label_template; *at; at++) {
        if ((*at == '{' || *at == '}') && at[1] == *at) {
            at++;
        } else if (*at == '{' && find_placeholder(at) < 0) {
            bsr_fail(err, BSR_EUSAGE, "--label", "'%.20s' begins no placeholder", at);
            bsr_hint(err, "placeholders are {name} {score} {percent} {class} {index}; {{ is a brace");
            return BSR_EUSAGE;
        }
    }
    return BSR_OK;
}

static void trim_blank(struct bytes *out)
{
    while (out->size && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
}

bsr_status label_write(struct bytes *out, const char *label_template, const struct detection *detection,
                       const char *name, size_t index, bool hide_score, struct bsr_error *err)
{
    bytes_clear(out);
    for (const char *at = label_template; *at;) {
        int place = *at == '{' ? find_placeholder(at) : -1;
        if (place < 0) {
            bytes_append(out, at, 1);
            at += (*at == '{' || *at == '}') && at[1] == *at ? 2 : 1;
            continue;
        }
        at += strlen(placeholders[place]);
        if (hide_score && (place == PLACE_SCORE || place == PLACE_PERCENT))
            trim_blank(out);
        else if (place == PLACE_NAME)
            bytes_append_text(out, name);
        else if (place == PLACE_SCORE)
            bytes_append_format(out, "%.2f", detection->score);
        else if (place == PLACE_PERCENT)
            bytes_append_format(out, "%.0f", detection->score * 100);
        else if (place == PLACE_CLASS)
            bytes_append_format(out, "%d", detection->class_index);
        else
            bytes_append_format(out, "%zu", index + 1);
    }
    return out->failed ? bsr_fail_memory(err, "--label", out->size) : BSR_OK;
}
