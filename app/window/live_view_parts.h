/* app/window/live_view_parts.h: the parts of the window of `besra live`, a file each. For live_view_*.c only.
 */
#pragma once

#include "app/window/live_view.h"

/* The frame and what lies on it. */
void live_view_stage_add(struct live_view *view, struct rect area);

/* Pictures that move, by what they are: all of one size have one texture. `version` tells them apart, *shown
 * is the one that it has. */
enum moving { FRAME_PICTURE = 1, LENS_PICTURE };
void live_view_paint_moving(struct live_view *view, const struct bsr_image *image, enum moving which,
                            unsigned long long version, unsigned long long *shown, struct rect from,
                            struct rect to, bool smooth);

/* The lens: what is under the pointer, enlarged; its model is opened meanwhile. */
void live_view_lens_switch(struct live_view *view);
void live_view_lens_add(struct live_view *view);

/* Lines and zones: seen, made, moved. True where the pointer's event was one for them. */
void live_view_shapes_add(struct live_view *view);
void live_view_remove_shape(struct live_view *view, int index);
void live_view_undo(struct live_view *view);
void live_view_choose_tool(struct live_view *view, enum live_view_tool tool);

/* The colour of shape `index`. */
struct colour live_view_shape_colour(int index);

void live_view_panel_add(struct live_view *view, struct rect area);
void live_view_keys_add(struct live_view *view);

/* What can be done: a row each, with its key, its help and its button. */
enum live_view_action {
    LIVE_VIEW_PAUSE,
    LIVE_VIEW_STEP,
    LIVE_VIEW_SAVE,
    LIVE_VIEW_RECORD,
    LIVE_VIEW_LINE,
    LIVE_VIEW_ZONE,
    LIVE_VIEW_UNDO,
    LIVE_VIEW_LENS,
    LIVE_VIEW_LESS,
    LIVE_VIEW_MORE,
    LIVE_VIEW_BOXES,
    LIVE_VIEW_LABELS,
    LIVE_VIEW_NUMBERS,
    LIVE_VIEW_FIT,
    LIVE_VIEW_ACTUAL,
    LIVE_VIEW_COPY,
    LIVE_VIEW_PANEL,
    LIVE_VIEW_THEME,
    LIVE_VIEW_FULL,
    LIVE_VIEW_KEYS,
    LIVE_VIEW_CLOSE,
    LIVE_VIEW_QUIT,
    LIVE_VIEW_ACTIONS
};

struct live_view_row {
    const char *keys[2]; /* chords as ui_take_key() has them; NULL: none */
    const char *help;
    void (*act)(struct live_view *view);
};
extern const struct live_view_row live_view_rows[LIVE_VIEW_ACTIONS];

void live_view_do(struct live_view *view, enum live_view_action action);
void live_view_keys_act(struct live_view *view);

/* "pause (space)", for a tip. Valid until `space` goes. */
const char *live_view_tip(enum live_view_action action, char space[128]);

/* Hands the thresholds over. */
void live_view_set_thresholds(struct live_view *view);
