/* app/window/view.h: the window of `besra view`: all of its state, and one pass over it. Knows the viewer
 * (pipeline/viewer.h) and no display: events go in, a paint list and a few wishes come out. */
#pragma once

#include "app/window/board.h"
#include "app/window/canvas.h"
#include "app/window/view_times.h"
#include "app/window/widget_list.h"
#include "app/window/widget_notice.h"
#include "app/window/widget_slider.h"
#include "base/bytes.h"
#include "pipeline/viewer.h"

/* How an enlarged picture is looked at. */
enum compare { COMPARE_DIVIDER, COMPARE_SIDE, COMPARE_LENS, COMPARE_AFTER, COMPARE_BEFORE, COMPARE_COUNT };

/* What is remembered from one time to the next. */
struct view_look {
    enum theme_kind theme;
    bool            panel, strip, boxes;
    bool            labels; /* of live video; those of pictures are a setting of the viewer */
    enum compare    compare;
};

enum dialogue {
    DIALOGUE_NONE,
    DIALOGUE_MODELS,
    DIALOGUE_KEYS,
    DIALOGUE_OPEN,
    DIALOGUE_SAVE,
    DIALOGUE_KEEP, /* what was pasted, as it came */
    DIALOGUE_RECORD,
    DIALOGUE_FOLDER,
};

/* What the window shall do behind a pass. */
struct view_wishes {
    bool quit, paste;
    bool full_screen, full; /* the first: it shall be as the second says */
    char copy[8192];        /* text for the clipboard; "": none */
};

enum { MODEL_NAME_SPACE = 1024 };

/* The settings that were changed in this window, as bits: what is to be remembered. */
enum view_change {
    CHANGE_CONFIDENCE = 1,
    CHANGE_IOU = 2,
    CHANGE_MOST = 4,
    CHANGE_AGNOSTIC = 8,
    CHANGE_FACTOR = 16,
    CHANGE_TOP = 32,
};

struct view {
    struct ui          ui;
    struct paint_list  list;
    struct viewer     *viewer;
    struct ui_pictures pictures;
    struct view_look   look;
    struct view_wishes wishes;
    struct view_times  times;

    /* this pass */
    struct viewer_snapshot shot;
    struct rect            stage; /* where pictures are */
    bool                   narrow, low;
    size_t                 pointed; /* the class that the legend points at; SIZE_MAX: none */

    /* from pass to pass */
    struct canvas       canvas;
    unsigned long long  placed_id; /* the picture that it is of */
    enum dialogue       dialogue;
    bool                full, debug, panel_over; /* the panel over the picture of a narrow window */
    struct slider_state sliding;
    struct scroll       panel_scroll, strip_scroll, keys_scroll;
    size_t              strip_selected; /* the picture that the strip last brought into sight */
    double              divider;
    double              sought;   /* seconds of the video that it is on the way to; negative: none */
    unsigned long long  frame_id; /* of the video, that was painted */
    unsigned            changed;  /* enum view_change */
    char                box_path[MODEL_NAME_SPACE]; /* the picture in which a box is picked */
    struct detection    box;                        /* the one; class_index -1: none */
    struct field        field;                      /* of a dialogue */
    char                field_why[1024];
    bool                field_overwrite;
    struct list_state   model_list;
    struct bytes        model_names; /* of the picker's rows, each ended by 0 */
    struct list_row    *model_rows;
    const char        **model_paths;
    size_t              model_count;
    char                models[CARD_CLASSIFY + 1][MODEL_NAME_SPACE]; /* the last one of each task */
    struct notice       notice;
    struct bytes        command; /* what makes what is seen */
    unsigned long long  command_serial;
    char                title[1024]; /* the selected picture's path; "": none */

    /* the clipboard */
    struct board    *board; /* NULL: there is only the display's, which has text. Is closed before the view */
    unsigned         pasted; /* pictures so far; the board's thread's */
    char             copied[96];
    struct bsr_error paste_why; /* what kept the board from giving anything but text */
};

/* `viewer` outlives it. Release with view_stop(). */
void view_start(struct view *view, struct viewer *viewer, const struct view_look *look);
void view_stop(struct view *view);

struct view_look view_usual_look(void);

/* One pass: takes the event, fills view->list for a window of width x height pixels, sets view->wishes.
 * Another pass is wanted in view->ui.again_ms (negative: only when something happens). */
void view_pass(struct view *view, const struct event *event, int width, int height, float scale,
               double now_ms);

/* Opens what was dropped, pasted or typed: pictures, folders, models (.onnx, .cfg), "file://..."; a line
 * each. */
void view_open_text(struct view *view, const char *text);

/* A board_options.use: a picture that was pasted becomes one of the list. */
bsr_status view_use_pasted(struct view *view, struct bytes *picture, struct bsr_error *err);

/* What the display's clipboard has, behind wishes.paste; NULL: no text. */
void view_paste_text(struct view *view, const char *text);

/* A line for some seconds. */
void view_say(struct view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_say_error(struct view *view, const struct bsr_error *err);

/* A frame was shown `answer_ms` behind the event that it answers; negative: behind none. */
void view_note_frame(struct view *view, double build_ms, double answer_ms);
