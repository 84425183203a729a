/* app/window/widget_notice.h: a line for some seconds: what was done, or why it wasn't. */
#pragma once

#include "app/window/ui.h"
#include "base/status.h"

#include <stdarg.h>

/* Zero: nothing to say. */
struct notice {
    char   text[1536]; /* of an error the subject and the message */
    bool   bad;
    double until_ms;
};

void notice_say(struct ui *ui, struct notice *notice, const char *format, va_list arguments);
void notice_say_error(struct ui *ui, struct notice *notice, const struct bsr_error *err);

/* At the top of `area`, as long as it is to be seen: at its foot is what stays. */
void notice_add(struct ui *ui, const struct notice *notice, struct rect area);
