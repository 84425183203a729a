/* What the window of `besra live` can do: the one table of keys, help and functions, and the page that shows
 * it. */
#include "app/window/live_view_parts.h"
#include "app/window/widget_dialogue.h"
#include "app/window/widget_keycaps.h"
#include "app/window/widget_scroll.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void act_pause(struct live_view *view)
{
    view->paused = !view->paused;
    live_pause(view->options.live, view->paused);
}

static void act_step(struct live_view *view)
{
    view->paused = true;
    live_step(view->options.live);
}

/* To the first name of besra-live-1.png, -2 ... that is free. */
static void act_save(struct live_view *view)
{
    enum { MOST = 100000 };
    struct bsr_error err = {0};
    char             path[64];

    for (int i = 1; i < MOST; i++) {
        snprintf(path, sizeof path, "besra-live-%d.png", i);
        if (access(path, F_OK) == 0)
            continue;
        if (live_save(view->options.live, path, !view->look.boxes, &err) == BSR_OK)
            live_view_say(view, "written: %s", path);
        else if (err.code != BSR_EEXIST)
            live_view_say_error(view, &err);
        if (err.code != BSR_EEXIST)
            return;
        err = (struct bsr_error){0};
    }
}

static void act_line(struct live_view *view)
{
    live_view_choose_tool(view, TOOL_LINE);
}

static void act_zone(struct live_view *view)
{
    live_view_choose_tool(view, TOOL_ZONE);
}

static void act_lens(struct live_view *view)
{
    live_view_lens_switch(view);
}

static void act_record(struct live_view *view)
{
    live_record(view->options.live, !view->shot.recording);
}

static void change_confidence(struct live_view *view, double by)
{
    view->confidence = fmin(fmax(round((view->confidence + by) * 100) / 100, 0), 1);
    live_view_set_thresholds(view);
}

static void act_less(struct live_view *view)
{
    change_confidence(view, -0.05);
}

static void act_more(struct live_view *view)
{
    change_confidence(view, 0.05);
}

static void act_boxes(struct live_view *view)
{
    view->look.boxes = !view->look.boxes;
}

static void act_labels(struct live_view *view)
{
    view->look.labels = !view->look.labels;
}

static void act_numbers(struct live_view *view)
{
    view->numbers = !view->numbers;
}

static void act_fit(struct live_view *view)
{
    canvas_fit(&view->canvas);
}

static void act_actual(struct live_view *view)
{
    canvas_actual(&view->canvas, view->ui.x, view->ui.y);
}

static void act_copy(struct live_view *view)
{
    snprintf(view->wishes.copy, sizeof view->wishes.copy, "%s", bytes_text(&view->command));
    live_view_say(view, "the command line is in the clipboard");
}

static void act_panel(struct live_view *view)
{
    view->look.panel = !view->look.panel;
}

static void act_theme(struct live_view *view)
{
    view->look.theme = view->look.theme == THEME_DARK ? THEME_LIGHT : THEME_DARK;
}

static void act_full(struct live_view *view)
{
    view->full = !view->full;
    view->wishes.full_screen = true;
    view->wishes.full = view->full;
}

static void act_keys(struct live_view *view)
{
    view->keys_shown = !view->keys_shown;
}

/* Of what is open the innermost. */
static void act_close(struct live_view *view)
{
    if (view->keys_shown)
        view->keys_shown = false;
    else if (view->tool != TOOL_NONE)
        live_view_choose_tool(view, view->tool);
    else if (view->lens_on)
        view->lens_on = false;
    else if (view->full)
        act_full(view);
}

static void act_quit(struct live_view *view)
{
    view->wishes.quit = true;
}

const struct live_view_row live_view_rows[LIVE_VIEW_ACTIONS] = {
    [LIVE_VIEW_PAUSE] = {{"space", NULL}, "pause, go on", act_pause},
    [LIVE_VIEW_STEP] = {{".", "right"}, "one frame", act_step},
    [LIVE_VIEW_SAVE] = {{"s", "ctrl+s"}, "save the frame", act_save},
    [LIVE_VIEW_RECORD] = {{"r", NULL}, "record, end the recording", act_record},
    [LIVE_VIEW_LINE] = {{"l", NULL}, "draw a line to count at", act_line},
    [LIVE_VIEW_ZONE] = {{"z", NULL}, "draw a zone to count in", act_zone},
    [LIVE_VIEW_UNDO] = {{"ctrl+z", "backspace"}, "undo a line, a zone, a corner", live_view_undo},
    [LIVE_VIEW_LENS] = {{"u", NULL}, "lens: enlarge under the pointer", act_lens},
    [LIVE_VIEW_LESS] = {{"[", NULL}, "less confidence: more boxes", act_less},
    [LIVE_VIEW_MORE] = {{"]", NULL}, "more confidence: fewer boxes", act_more},
    [LIVE_VIEW_BOXES] = {{"b", NULL}, "boxes", act_boxes},
    [LIVE_VIEW_LABELS] = {{"n", NULL}, "labels", act_labels},
    [LIVE_VIEW_NUMBERS] = {{"d", "f12"}, "numbers", act_numbers},
    [LIVE_VIEW_FIT] = {{"0", "f"}, "fit the frame into the window", act_fit},
    [LIVE_VIEW_ACTUAL] = {{"1", NULL}, "pixel by pixel", act_actual},
    [LIVE_VIEW_COPY] = {{"c", NULL}, "copy the command line", act_copy},
    [LIVE_VIEW_PANEL] = {{"tab", "p"}, "panel", act_panel},
    [LIVE_VIEW_THEME] = {{"t", NULL}, "dark, light", act_theme},
    [LIVE_VIEW_FULL] = {{"f11", NULL}, "full screen", act_full},
    [LIVE_VIEW_KEYS] = {{"?", "f1"}, "these keys", act_keys},
    [LIVE_VIEW_CLOSE] = {{"escape", NULL}, "close what is open", act_close},
    [LIVE_VIEW_QUIT] = {{"q", "ctrl+q"}, "end", act_quit},
};

void live_view_do(struct live_view *view, enum live_view_action action)
{
    live_view_rows[action].act(view);
    ui_again(&view->ui, 0);
}

void live_view_keys_act(struct live_view *view)
{
    for (int i = 0; i < LIVE_VIEW_ACTIONS; i++)
        for (size_t k = 0; k < 2 && live_view_rows[i].keys[k]; k++)
            if (ui_take_key(&view->ui, live_view_rows[i].keys[k])) {
                live_view_do(view, (enum live_view_action)i);
                return;
            }
}

const char *live_view_tip(enum live_view_action action, char space[128])
{
    snprintf(space, 128, "%s (%s)", live_view_rows[action].help, live_view_rows[action].keys[0]);
    return space;
}

/* ---- the page ------------------------------------------------------------------------------------- */

void live_view_keys_add(struct live_view *view)
{
    enum { HEAD = 68 }; /* points of the plate that are not rows' */
    struct ui  *ui = &view->ui;
    const float row = ui_points(ui, 26), high = row * LIVE_VIEW_ACTIONS;
    char        tip[128];
    bool        close = false;
    struct rect inside = dialogue_begin(ui, "Keys", 460, HEAD + 26 * LIVE_VIEW_ACTIONS,
                                        live_view_tip(LIVE_VIEW_CLOSE, tip), &close);

    if (close)
        live_view_do(view, LIVE_VIEW_CLOSE);
    inside = scroll_begin(ui, inside, "live keys", high, false, &view->keys_scroll);
    for (int i = 0; i < LIVE_VIEW_ACTIONS; i++)
        keycaps_add(ui, rect_cut_top(&inside, row), live_view_rows[i].keys, 2, live_view_rows[i].help);
    scroll_end(ui);
    ui_set_layer(ui, LAYER_BASE);
}
