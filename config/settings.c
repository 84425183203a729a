#include "config/settings.h"

#include "base/file.h"
#include "base/nearest.h"
#include "config/settings_guard.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "path:line" as the subject of an error; of a long path the end is kept. */
static void set_place(struct bsr_error *err, const char *path, unsigned line)
{
    struct bytes place = {0};
    bytes_append_format(&place, "%s:%u", path, line);
    bsr_error_set_subject(err, place.failed ? path : bytes_text(&place));
    bytes_free(&place);
}

bsr_status settings_fail(const char *path, const config_setting_t *at, struct bsr_error *err,
                         const char *format, ...)
{
    char    sentence[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    bsr_fail(err, BSR_EUSAGE, path, "%s", sentence);
    unsigned line = (unsigned)config_setting_source_line(at);
    if (line)
        set_place(err, path, line);
    return BSR_EUSAGE;
}

static bsr_status parse(config_t *out, const struct bytes *text, const char *path, struct bsr_error *err)
{
    int         line = 0;
    const char *fault = settings_guard(bytes_text(text), text->size, &line);
    if (fault) {
        bsr_fail(err, BSR_EUSAGE, path, "%s", fault);
        set_place(err, path, (unsigned)line);
        return BSR_EUSAGE;
    }
    config_t config;
    config_init(&config);
    if (config_read_string(&config, bytes_text(text)) != CONFIG_TRUE) {
        fault = config_error_text(&config);
        bsr_fail(err, BSR_EUSAGE, path, "%s", fault ? fault : "syntax error");
        set_place(err, path, (unsigned)config_error_line(&config));
        if (fault && strstr(fault, "mismatched"))
            bsr_hint(err, "numbers of an array are all whole or all with a point: [1.0, 0.5]");
        config_destroy(&config);
        return BSR_EUSAGE;
    }
    *out = config;
    return BSR_OK;
}

bsr_status settings_read(config_t *out, const char *path, struct bsr_error *err)
{
    struct bytes text = {0};
    bsr_status   status = file_read(&text, path, SETTINGS_MAX_BYTES, err);
    if (status == BSR_OK)
        status = parse(out, &text, path, err);
    bytes_free(&text);
    return status;
}

const char *settings_key(const config_setting_t *setting, char *space, size_t size)
{
    /* From the setting up: each name is put in front of what is there, as far as there is room. */
    size_t start = size - 1;
    space[start] = '\0';
    for (; setting && config_setting_name(setting); setting = config_setting_parent(setting)) {
        size_t length = strlen(config_setting_name(setting));
        bool   is_inner = space[start] != '\0';
        if (length + is_inner > start)
            break;
        if (is_inner)
            space[--start] = '.';
        start -= length;
        memcpy(space + start, config_setting_name(setting), length);
    }
    return space + start;
}

bsr_status settings_fail_unknown(const char *path, const config_setting_t *at, const char *const *known,
                                 struct bsr_error *err)
{
    char           space[sizeof err->subject];
    const char    *key = settings_key(at, space, sizeof space);
    struct nearest nearest = nearest_start(config_setting_name(at));
    for (; *known; known++)
        nearest_offer(&nearest, *known);
    if (nearest.best)
        return settings_fail(path, at, err, "%s: unknown key; did you mean %s?", key, nearest.best);
    return settings_fail(path, at, err, "%s: unknown key", key);
}

bool settings_is_whole(const config_setting_t *setting, long long *value)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        return false;
    *value = type == CONFIG_TYPE_INT ? config_setting_get_int(setting) : config_setting_get_int64(setting);
    return true;
}

bool settings_is_real(const config_setting_t *setting, double *value)
{
    long long whole = 0;
    if (settings_is_whole(setting, &whole)) {
        *value = (double)whole;
        return true;
    }
    if (config_setting_type(setting) != CONFIG_TYPE_FLOAT || !isfinite(config_setting_get_float(setting)))
        return false;
    *value = config_setting_get_float(setting);
    return true;
}
