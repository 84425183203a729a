#include "app/window/live_view_loop.h"

#include "app/window/window_loop.h"

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    live_view_pass(context, event, width, height, scale, now_ms);
}

static void note_frame(void *context, double build_ms, double answer_ms)
{
    struct live_view *view = context;
    view_times_note(&view->times, build_ms, answer_ms);
}

bsr_status live_view_loop(struct live_view *view, const struct display_module *module,
                          struct display *display, struct bsr_error *err)
{
    const struct window_client client = {.context = view,
                                         .ui = &view->ui,
                                         .list = &view->list,
                                         .wishes = &view->wishes,
                                         .pictures = &view->pictures,
                                         .title = view->options.source,
                                         .pass = pass,
                                         .note_frame = note_frame};
    return window_loop(&client, module, display, err);
}
