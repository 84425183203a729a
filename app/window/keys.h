/* app/window/keys.h: the one table of what the window can do: the keys, the help, the function. Buttons press
 * the same rows; `?` and the docs show them. */
#pragma once

#include "app/window/view.h"

enum action {
    ACTION_NEXT,
    ACTION_PREVIOUS,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_OPEN,
    ACTION_PASTE,
    ACTION_REMOVE,
    ACTION_PLAY,
    ACTION_STEP,
    ACTION_STEP_BACK,
    ACTION_AHEAD,
    ACTION_BACK,
    ACTION_DETECT,
    ACTION_ENLARGE,
    ACTION_CLASSIFY,
    ACTION_MODELS,
    ACTION_LESS,
    ACTION_MORE,
    ACTION_BOXES,
    ACTION_LABELS,
    ACTION_SHOW_ALL,
    ACTION_COMPARE,
    ACTION_SAVE,
    ACTION_RECORD,
    ACTION_FOLDER,
    ACTION_COPY_COMMAND,
    ACTION_COPY_PICTURE,
    ACTION_COPY_FOUND,
    ACTION_PANEL,
    ACTION_STRIP,
    ACTION_THEME,
    ACTION_FULL,
    ACTION_DEBUG,
    ACTION_KEYS,
    ACTION_CLOSE,
    ACTION_QUIT,
    ACTION_FIT,
    ACTION_ACTUAL,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_UNDO,
    ACTION_REDO,
    ACTION_COUNT
};

struct action_row {
    const char *keys[3]; /* chords as ui_take_key() has them, the first is shown; NULL behind the last */
    const char *title;   /* of what they do together, for the help */
    const char *help;
    const char *where; /* the place to click that does the same */
    void (*act)(struct view *view);
};

extern const struct action_row action_rows[ACTION_COUNT];

void action_do(struct view *view, enum action action);

/* Does what the keys of this pass say, where no widget took them. */
void keys_act(struct view *view);

/* "next picture (right)", for a tip. Valid until the next call. */
const char *action_tip(enum action action, char space[128]);

/* Appends the table as Markdown, as docs/view.md has it. */
void keys_document(struct bytes *out);
