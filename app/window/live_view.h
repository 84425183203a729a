/* app/window/view.h: the window of `besra live`: all of its state, and one pass over it. Knows the live
 * (pipeline/live.h) and no display: events go in, a paint list and a few wishes come out. */
#pragma once

#include "app/window/view.h"
#include "pipeline/lens.h"
#include "pipeline/live.h"

enum { LIVE_VIEW_POINTS = 32, LIVE_VIEW_SHAPES = 16, LIVE_VIEW_STEPS = 16 };

/* A line (2 points) or a zone that is counted at, pixels of the frame. */
struct live_view_shape {
    struct count_point points[LIVE_VIEW_POINTS];
    int                count;
};

struct live_view_shapes {
    struct live_view_shape items[LIVE_VIEW_SHAPES];
    int                    count;
};

enum live_view_tool { TOOL_NONE, TOOL_LINE, TOOL_ZONE };

struct live_view_options {
    struct live              *live;      /* outlives the view */
    const char               *source;    /* as it was named */
    const char               *command;   /* the command line but for thresholds and shapes */
    const char               *precision; /* "f32" */
    const char               *lens_model;
    struct model_hints        hints; /* of the lens */
    bool                      ends;  /* the window closes when the source has ended */
    const struct count_shape *shapes;
    int                       shape_count;
    struct view_look          look;
    bool                      hide_numbers; /* over the frame */
};

struct live_view {
    struct ui                ui;
    struct paint_list        list;
    struct ui_pictures       pictures;
    struct view_wishes       wishes;
    struct view_look         look;
    struct live_view_options options;

    /* this pass */
    struct live_snapshot shot;
    struct rect          stage;

    /* from pass to pass */
    struct canvas           canvas;
    double                  confidence, iou;
    struct slider_state     sliding;
    struct scroll           panel_scroll, keys_scroll;
    bool                    keys_shown, full, numbers, paused;
    bool                    recording; /* as of the last pass */
    char                    record_path[LIVE_PATH], record_why[LIVE_WHY];
    enum live_view_tool     tool;
    struct live_view_shape  making;                /* what the tool has so far */
    struct live_view_shapes shapes;                /* in force */
    struct live_view_shapes past[LIVE_VIEW_STEPS]; /* to be undone, the newest last */
    int                     past_count;
    int                     held_shape, held_point; /* that the pointer drags; -1: none */
    struct lens            *lens;
    bool                    lens_on, lens_asked;
    struct lens_picture     lens_picture;
    unsigned long long      lens_id;
    unsigned long long      frame_shown, lens_shown; /* the versions that textures have */
    long long               lens_frame;              /* that was asked for last */
    float                   lens_x, lens_y;
    struct notice           notice;
    struct view_times       times;
    struct bytes            command; /* what makes what is seen */
};

/* Release with live_view_stop(). */
void live_view_start(struct live_view *view, const struct live_view_options *options);
void live_view_stop(struct live_view *view);

/* One pass: takes the event, fills view->list for a window of width x height pixels, sets view->wishes.
 * Another pass is wanted in view->ui.again_ms (negative: only when something happens). */
void live_view_pass(struct live_view *view, const struct event *event, int width, int height, float scale,
                    double now_ms);

void live_view_say(struct live_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void live_view_say_error(struct live_view *view, const struct bsr_error *err);
