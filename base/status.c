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
        memmove(dst, text, length + 1); /* may be the subject that is there already */
        return;
    }
    const char *end = text + length - (size - sizeof ellipsis);
    while (((unsigned char)*end & 0xC0) == 0x80) /* not into the middle of a UTF-8 character */
        end++;
    snprintf(dst, size, "%s%s", ellipsis, end);
}

/* Drops the beginning of a UTF-8 character whose end was cut off. */
static void drop_cut_character(char *text)
{
    size_t end = strlen(text);
    size_t start = end;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t        length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (end - (start - 1) < length)
        text[start - 1] = '\0';
}

/* Formats at most size - 1 bytes into dst, from which the arguments may be taken. */
static void format_beginning(char *dst, size_t size, const char *format, va_list args)
{
    char text[sizeof((struct bsr_error *)0)->message];
    int  length = vsnprintf(text, size < sizeof text ? size : sizeof text, format, args);

    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= size)
        drop_cut_character(text);
    memcpy(dst, text, strlen(text) + 1);
}

/* In parentheses: for the analyzer there is a macro of this name. */
bsr_status(bsr_fail)(struct bsr_error *err, bsr_status code, const char *subject, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    format_beginning(err->message, sizeof err->message, format, args);
    va_end(args);
    err->code = code;
    err->hint[0] = '\0';
    copy_end(err->subject, sizeof err->subject, subject ? subject : "");
    return code;
}

void bsr_hint(struct bsr_error *err, const char *format, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, format);
    format_beginning(err->hint, sizeof err->hint, format, args);
    va_end(args);
}

void bsr_error_set_subject(struct bsr_error *err, const char *subject)
{
    if (err)
        copy_end(err->subject, sizeof err->subject, subject);
}

void bsr_error_set_memory(struct bsr_error *err, const char *subject, size_t bytes)
{
    bsr_fail(err, BSR_ENOMEM, subject, "out of memory (asked for %zu bytes)", bytes);
}
