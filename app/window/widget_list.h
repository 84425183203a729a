/* app/window/widget_list.h: rows to choose from, with the pointer or the keys. */
#pragma once

#include "app/window/widget_scroll.h"

struct list_row {
    const char *text, *note; /* the note at the right, quieter; may be NULL */
    bool        heading;     /* can't be chosen */
    bool        marked;      /* the one in force: a check */
};

struct list_state {
    struct scroll scroll;
    size_t        at; /* the row that Return takes */
    bool          moved;
};

enum { LIST_NONE = -1 };

/* Returns the row that was chosen, or LIST_NONE. With `keys` it takes up, down, page up and down, home, end
 * and Return, whatever has the keys otherwise. */
int list_add(struct ui *ui, struct rect area, const char *name, const struct list_row *rows, size_t count,
             bool keys, struct list_state *state);
