/* app/window/widget_field.h: one line of text to type. */
#pragma once

#include "app/window/ui.h"

enum { FIELD_SPACE = 1024 };

/* The text and what of it is marked: bytes, between characters; `caret` moves, `anchor` stays. */
struct field {
    char   text[FIELD_SPACE];
    size_t caret, anchor;
    float  shift; /* pixels that are scrolled out at the left */
};

enum field_result { FIELD_SAME, FIELD_CHANGED, FIELD_DONE /* Return */, FIELD_LEFT /* Escape */ };

/* Sets the text, all of it marked. */
void field_set(struct field *field, const char *text);

/* Puts text in place of what is marked; control characters are left out. False where it has no room. */
bool field_insert(struct field *field, const char *text);

/* The field has the keys after a click into it, or ui->focus = ui_name(name, 0). `hint` stands in it while it
 * is empty. `bad`: what is in it can't be used. */
enum field_result field_add(struct ui *ui, struct rect rect, const char *name, const char *hint, bool bad,
                            struct field *field);
