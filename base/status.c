#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    bsr_status  code;
    const char *name;
} status_names[] = {
#define STATUS_ROW(code, value, name, text) {code, name},
    BSR_STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

const char *bsr_status_name(bsr_status status)
{
    for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++)
        if (status_names[i].code == status)
            return status_names[i].name;
    return "unknown";
}

const char *bsr_version(void)
{
    return BESRA_VERSION;
}

/* Copies `text`, keeping its end behind an ellipsis where it is too long: of a path the end tells more. */
static void copy_end(char *dst, size_t size, const char *text)
{
    static const char ellipsis[] = "...";
    size_t            length = strlen(text);

    if (length < size) {
        memcpy(dst, text, length + 1);
        return;
    }
    const char *end = text + length - (size - sizeof ellipsis);
    while (((unsigned char)*end & 0xC0) == 0x80) /* not into the middle of a UTF-8 character */
        end++;
    snprintf(dst, size, "%s%s", ellipsis, end);
}

bsr_status bsr_fail(struct bsr_error *err, bsr_status code, const char *subject, const char *format, ...)
{
    if (!err)
        return code;
    err->code = code;
    err->hint[0] = '\0';
    copy_end(err->subject, sizeof err->subject, subject ? subject : "");

    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

void bsr_hint(struct bsr_error *err, const char *format, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    va_end(args);
}

void bsr_error_set_subject(struct bsr_error *err, const char *subject)
{
    if (err)
        copy_end(err->subject, sizeof err->subject, subject);
}

bsr_status bsr_fail_memory(struct bsr_error *err, const char *subject, size_t bytes)
{
    return bsr_fail(err, BSR_ENOMEM, subject, "out of memory (asked for %zu bytes)", bytes);
}
