#include "app/window/view_loop.h"

#include "app/window/window_loop.h"

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    view_pass(context, event, width, height, scale, now_ms);
}

static void paste(void *context, const char *text)
{
    view_paste_text(context, text);
}

static void note_frame(void *context, double build_ms, double answer_ms)
{
    view_note_frame(context, build_ms, answer_ms);
}

bsr_status view_loop(struct view *view, const struct display_module *module, struct display *display,
                     struct bsr_error *err)
{
    const struct window_client client = {.context = view,
                                         .ui = &view->ui,
                                         .list = &view->list,
                                         .wishes = &view->wishes,
                                         .pictures = &view->pictures,
                                         .title = view->title,
                                         .pass = pass,
                                         .paste = paste,
                                         .note_frame = note_frame};
    return window_loop(&client, module, display, err);
}
