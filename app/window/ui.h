/* app/window/ui.h: the core of the immediate-mode window. There are no widgets in memory: each pass over the
 * frame calls the function of every widget that is there, which looks at the event, changes the caller's
 * value and paints itself. One event a pass, so that none is lost and tests are exact; only the last pass
 * before the screen is drawn is painted. What outlives a pass is in struct ui: which widget is held, which
 * has the keys. */
#pragma once

#include "app/window/display.h"
#include "app/window/rect.h"
#include "app/window/theme.h"

#include <stddef.h>

typedef uint32_t ui_id; /* 0: none */

/* How text is measured and painted (text.h; tests have their own). `size` in pixels of the em. */
struct ui_type {
    void *context;
    float (*width)(void *context, const char *text, float size);
    void (*add)(void *context, struct paint_list *list, float x, float baseline, const char *text, float size,
                struct colour colour);
};

/* The system's clipboard. get() returns text for mem_free(), or NULL. */
struct ui_clipboard {
    void *context;
    char *(*get)(void *context);
    void (*set)(void *context, const char *text);
};

/* How pictures are painted: the texture cache, or a test's. `id` as picture_id. */
struct ui_pictures {
    void *context;
    void (*paint)(void *context, struct paint_list *list, const struct bsr_image *image,
                  unsigned long long id, struct rect from, struct rect to, bool smooth);
    /* The picture `id` has other pixels of the same size now. NULL: pictures never change. */
    void (*change)(void *context, unsigned long long id);
};

enum { UI_COVERS = 8, UI_STOPS = 256, UI_CLIPS = 8 };

/* Layers: what is painted later covers what is below it, for the pointer, too. */
enum ui_layer { LAYER_BASE, LAYER_PANEL, LAYER_DIALOGUE };

struct ui {
    /* set by the caller before the first pass */
    const struct theme *theme;
    struct ui_type      type;
    struct ui_clipboard clipboard;
    float               scale; /* pixels of a point */
    struct paint_list  *list;

    /* this pass */
    struct event event;
    bool         taken; /* by a widget: others leave it */
    double       now_ms;
    struct rect  window, clip;
    int          layer, shape; /* enum ui_layer, enum pointer_shape */
    int          keys_layer;   /* the lowest that gets keys: a dialogue has them all */
    double       again_ms;     /* another pass is wanted then, input or not; negative: none */

    /* from pass to pass */
    float  x, y;           /* the pointer */
    float  last_x, last_y; /* where it was before this pass */
    bool   inside;         /* the window */
    ui_id  hot, active, focus;
    bool   focus_shown;    /* it came by the keyboard */
    bool   swallow;        /* a key was taken: the text that it types comes behind it */
    float  grab_x, grab_y; /* where the press was */
    double hot_since_ms;
    struct ui_cover {
        struct rect rect;
        int         layer;
    } covers[UI_COVERS], covers_next[UI_COVERS];
    int         cover_count, cover_next_count;
    ui_id       stops[UI_STOPS]; /* those that Tab goes through, of this pass */
    int         stop_count;
    struct rect clips[UI_CLIPS];
    int         clip_depth;
    ui_id       hot_next;
    char        tip[256]; /* of the widget under the pointer */
    struct rect tip_at;
};

/* Begins a pass with its event (EVENT_NONE: time went by) and ends it. `width` and `height` in pixels. */
void ui_begin(struct ui *ui, const struct event *event, int width, int height, double now_ms);
void ui_end(struct ui *ui);

/* Points to whole pixels. */
float ui_points(const struct ui *ui, float points);

/* A widget's id: of its name and, where there are many of one name, a number. */
ui_id ui_name(const char *name, size_t index);

/* What the pointer does to a widget. */
struct ui_touch {
    bool hot;     /* over it, nothing above it */
    bool held;    /* pressed on it and not yet released */
    bool pressed; /* in this pass */
    bool clicked; /* released over it, or Return while it has the keys */
    int  clicks;  /* of `pressed`: 1, 2 */
};
struct ui_touch ui_touch(struct ui *ui, ui_id id, struct rect rect);

/* The same of a widget that Tab can reach. */
struct ui_touch ui_touch_stop(struct ui *ui, ui_id id, struct rect rect);

/* Whether the pointer is over `rect` and nothing of a higher layer is in between. */
bool ui_over(const struct ui *ui, struct rect rect);

bool ui_has_keys(const struct ui *ui, ui_id id);

/* Makes it one that Tab can reach. */
void ui_stop(struct ui *ui, ui_id id);

/* Takes the event if it is this chord ("ctrl+shift+z", "left", "?"). Names of several characters and letters
 * are keys, other characters are what was typed, so that they are found on any keyboard. */
bool ui_take_key(struct ui *ui, const char *chord);
bool ui_is_key(const struct ui *ui, const char *chord);

/* Keys are for this layer and those above, in this pass. */
void ui_set_keys_layer(struct ui *ui, enum ui_layer layer);

/* From here to the next call what is made belongs to this layer; `cover` is not seen by those below it. */
void ui_set_layer(struct ui *ui, enum ui_layer layer);
void ui_cover(struct ui *ui, struct rect cover);

/* What follows is cut to `rect`, for the pointer, too; until ui_unclip(). */
void ui_clip(struct ui *ui, struct rect rect);
void ui_unclip(struct ui *ui);

/* Asks for another pass in `ms`. */
void ui_again(struct ui *ui, double ms);

/* Shown when the pointer rests on the widget of the last ui_touch(). */
void ui_tip(struct ui *ui, const struct ui_touch *touch, struct rect at, const char *text);
