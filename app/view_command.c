/* besra view: the window. */
#include "app/commands.h"
#include "app/run.h"
#include "app/terminal.h"
#include "app/viewing.h"
#include "app/window/session.h"
#include "app/window/view_loop.h"
#include "app/window/view_words.h"
#include "app/window_memory.h"
#include "base/alloc.h"
#include "base/file.h"
#include "pipeline/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A window with all behind it. */
struct window {
    const struct options        *options;
    const struct display_module *module;
    struct display              *display;
    struct viewer               *viewer;
    struct board                *board;
    struct view                  view;
};

static void wake(void *context)
{
    const struct window *window = context;
    window->module->wake(window->display);
}

static bsr_status use_pasted(void *context, struct bytes *picture, struct bsr_error *err)
{
    struct window *window = context;
    return view_use_pasted(&window->view, picture, err);
}

static int is_reached(void *context, const char *word)
{
    const struct window *window = context;
    return view_is_reached(window->viewer, word);
}

static struct view_look look_of(const struct options *options)
{
    return (struct view_look){
        .theme = options->theme == LOOK_LIGHT ? THEME_LIGHT : THEME_DARK,
        .panel = !options->hide_panel,
        .strip = !options->hide_strip,
        .boxes = !options->hide_boxes,
        .compare = (enum compare)options->beside_view, /* in the same order */
    };
}

static void apply_settings(struct window *window)
{
    const struct viewer_settings settings = viewing_settings(window->options);
    viewer_set(window->viewer, &settings);
    viewer_settle(window->viewer);
}

static bsr_status open_window(struct window *window, struct bsr_error *err)
{
    const struct options        *options = window->options;
    const struct display_options how = {
        .title = "besra", .width = options->window.width, .height = options->window.height};
    const struct session_options hooks = {.is_reached = is_reached, .context = window};
    bsr_status status = session_open_window(&window->module, &window->display, &how, &hooks, err);

    if (status != BSR_OK)
        return status;
    struct viewer_options viewing = viewing_options(options);
    viewing.wake = wake;
    viewing.context = window;
    const struct board_options pasting = {.use = use_pasted, .wake = wake, .context = window};
    status = viewer_open(&window->viewer, &viewing, err);
    return status == BSR_OK ? board_open(&window->board, &pasting, err) : status;
}

/* ---- what is remembered
 * ------------------------------------------------------------------------------------ */

/* Names of cards as they are, files with their full path: another time starts in another folder. */
static char *lasting_name(const char *model)
{
    char *full = strchr(model, '/') || strstr(model, ".onnx") ? realpath(model, NULL) : NULL;
    char *copy = mem_copy_text(full ? full : model);
    free(full);
    return copy;
}

static void remember(struct window *window, const struct viewer_snapshot *shot)
{
    static const struct {
        enum option_id   id;
        enum view_change change;
    } settings[] = {{OPTION_CONF, CHANGE_CONFIDENCE}, {OPTION_IOU, CHANGE_IOU},
                    {OPTION_MAX_DET, CHANGE_MOST},    {OPTION_AGNOSTIC, CHANGE_AGNOSTIC},
                    {OPTION_SCALE, CHANGE_FACTOR},    {OPTION_TOP, CHANGE_TOP}};
    enum option_id     ids[16] = {OPTION_THEME,      OPTION_BESIDE_VIEW, OPTION_HIDE_PANEL,
                                  OPTION_HIDE_STRIP, OPTION_HIDE_BOXES,  OPTION_HIDE_LABELS};
    size_t             count = 6;
    struct options     now = *window->options;
    const struct view *view = &window->view;
    float              scale;
    struct bsr_error   err;
    char              *model = shot->model_used ? lasting_name(shot->model_used) : NULL;

    now.theme = view->look.theme == THEME_LIGHT ? LOOK_LIGHT : LOOK_DARK;
    now.beside_view = (enum beside_view_choice)view->look.compare;
    now.hide_panel = !view->look.panel;
    now.hide_strip = !view->look.strip;
    now.hide_boxes = !view->look.boxes;
    now.hide_labels = shot->settings.hide_labels;
    if (!view->full) { /* the screen's size is not the window's */
        window->module->size(window->display, &now.window.width, &now.window.height, &scale);
        ids[count++] = OPTION_WINDOW;
    }
    now.conf = shot->settings.confidence;
    now.iou = shot->settings.iou;
    now.max_det = shot->settings.max_detections;
    now.agnostic = shot->settings.agnostic;
    now.scale = shot->settings.factor;
    now.top = shot->settings.top;
    now.model = model;
    if (model)
        ids[count++] = OPTION_MODEL;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (now.origins[settings[i].id] || (view->changed & (unsigned)settings[i].change))
            ids[count++] = settings[i].id;
    if (!window->options->no_config && window_memory_write(&now, ids, count, &err) != BSR_OK)
        terminal_error(&err); /* a pity, no failure */
    mem_free(model);
}

/* ---- the command
 * ----------------------------------------------------------------------------------------------- */

static bsr_status run(struct window *window, struct bsr_error *err)
{
    const struct options  *options = window->options;
    const struct view_look look = look_of(options);
    struct bsr_error       why;

    view_start(&window->view, window->viewer, &look);
    window->view.board = window->board;
    apply_settings(window);
    if (options->input_count &&
        viewer_add(window->viewer, options->inputs, options->input_count, options->recursive, &why) != BSR_OK)
        view_say_error(&window->view, &why);
    viewer_load_model(window->viewer, options->model, CARD_TASK_UNKNOWN);
    bsr_status status = view_loop(&window->view, window->module, window->display, err);
    if (status == BSR_OK) {
        struct viewer_snapshot shot = viewer_snapshot(window->viewer);
        remember(window, &shot);
        viewer_release(window->viewer, &shot);
    }
    board_close(window->board);
    window->board = NULL;
    view_stop(&window->view);
    if (status == BSR_OK && window->module == &session_module)
        status = session_outcome(window->display, err);
    return status;
}

int view_command(const struct options *options)
{
    struct window    window = {.options = options};
    struct bsr_error err;
    bsr_status       status = label_check(options->label, &err);

    if (status == BSR_OK)
        status = open_window(&window, &err);
    if (status == BSR_OK)
        status = run(&window, &err);
    board_close(window.board);
    viewer_close(window.viewer);
    if (window.display)
        window.module->close(window.display);
    return status == BSR_OK ? (int)EXIT_DONE : run_fail(&err);
}
