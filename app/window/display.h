/* app/window/display.h: a window of the system, as the module besra-window.so (SDL2) has it: events in,
 * frames out. All else that makes the window is besra's own and knows only this. One thread. */
#pragma once

#include "app/window/paint.h"
#include "base/image.h"

enum event_kind {
    EVENT_NONE,
    EVENT_QUIT,
    EVENT_RESIZE,
    EVENT_POINTER, /* moved to (x, y) */
    EVENT_PRESS,   /* button: 1 left, 2 middle, 3 right; clicks: 1, 2 */
    EVENT_RELEASE,
    EVENT_WHEEL, /* by (dx, dy) notches, up is positive */
    EVENT_KEY,   /* text of the key: "a", "left", "f1", "escape", "return", "space": SDL's names in small
                    letters, those of the number pad without "keypad ", with modifiers; repeats while held */
    EVENT_TEXT,  /* typed: UTF-8 */
    EVENT_DROP,  /* a file was dropped: `text` is its path */
    EVENT_WAKE,  /* display_wake() was called */
    EVENT_LEAVE, /* the pointer left the window */
};

enum modifier { MODIFIER_SHIFT = 1, MODIFIER_CTRL = 2, MODIFIER_ALT = 4 };

struct event {
    enum event_kind kind;
    float           x, y, dx, dy;
    int             button, clicks, modifiers;
    char            text[4096]; /* a path may be as long */
    double          at_ms;      /* clock_ms() */
};

struct display_options {
    const char *title;
    int         width, height; /* 0: as large as suits the screen */
    bool        hidden;        /* for tests: a window that is not shown */
};

struct display;

/* What the module gives. A struct display is its own. */
#define DISPLAY_MODULE_SYMBOL "besra_display_module"
enum { DISPLAY_MODULE_VERSION = 1 };

struct display_module {
    int version;

    /* BSR_EMISSING when there is no screen: the sentence says so. Release with close(). One at a time. */
    bsr_status (*open)(struct display **out, const struct display_options *options, struct bsr_error *err);
    void (*close)(struct display *display);

    void (*size)(const struct display *display, int *width, int *height,
                 float *scale); /* pixels; of a point */

    /* The next event, waiting at most `wait_ms` (negative: until there is one); false: none came. */
    bool (*next_event)(struct display *display, struct event *out, int wait_ms);
    void (*wake)(struct display *display); /* from any thread: an EVENT_WAKE comes */

    /* A texture of `image` (BGR or BGRA; 1 channel: a mask, white with that alpha). 0: it can't be had. */
    texture_id (*texture_make)(struct display *display, const struct bsr_image *image);
    bool (*texture_update)(struct display *display, texture_id texture,
                           const struct bsr_image *image); /* of the same size */
    void (*texture_free)(struct display *display, texture_id texture);
    int (*texture_most)(const struct display *display); /* the largest side; larger ones can't be had */

    /* Paints a whole frame on `background` and shows it. */
    void (*show)(struct display *display, const struct paint_list *list, struct colour background);

    /* The frame that was shown last, painted anew: 8-bit BGR. Textures that were freed since are missing.
     * Release with image_free(). */
    bsr_status (*shot)(struct display *display, struct bsr_image *out, struct bsr_error *err);

    void (*set_clipboard)(struct display *display, const char *text);
    char *(*clipboard)(struct display *display); /* text, or NULL; mem_free() */
    void (*set_title)(struct display *display, const char *title);
    void (*set_pointer)(struct display *display, int shape); /* enum pointer_shape */
    void (*set_full_screen)(struct display *display, bool full);
};

/* Opens besra-window.so at the first call, then remembers it. BSR_EMISSING: the sentence names what to
 * install. */
bsr_status display_module_find(const struct display_module **out, struct bsr_error *err);

enum pointer_shape { POINTER_ARROW, POINTER_HAND, POINTER_SPLIT, POINTER_MOVE, POINTER_TEXT };
