#include "app/live_window.h"

#include "app/run.h"
#include "app/terminal.h"
#include "app/window/live_view_loop.h"
#include "app/window/session.h"
#include "app/window_memory.h"
#include "base/alloc.h"
#include "base/shell.h"

#include <string.h>

struct live_window {
    const struct options        *options;
    const struct display_module *module;
    struct display              *display;
    struct live                 *live; /* while it is shown */
    struct live_view             view;
};

/* What a script can wait for: a frame, a net that has seen one, a state of the source, the lens, a
 * recording. */
static int is_reached(void *context, const char *word)
{
    static const struct {
        const char     *word;
        enum live_state state;
    } states[] = {{"running", LIVE_RUNNING},
                  {"paused", LIVE_PAUSED},
                  {"waiting", LIVE_WAITING},
                  {"ended", LIVE_ENDED},
                  {"failed", LIVE_FAILED}};
    const struct live_window *window = context;
    int                       reached = -1;

    if (!window->live)
        return 0;
    struct live_snapshot shot = live_snapshot(window->live);
    if (strcmp(word, "frame") == 0)
        reached = shot.frame != NULL;
    else if (strcmp(word, "looked") == 0)
        reached = shot.looked_number >= 0 && shot.looked_number == shot.frame_number;
    else if (strcmp(word, "recording") == 0 || strcmp(word, "not-recording") == 0)
        reached = shot.recording == (word[0] == 'r');
    else if (strcmp(word, "lens") == 0)
        reached = window->view.lens_picture.image.data != NULL;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(word, states[i].word) == 0)
            reached = shot.state == states[i].state;
    live_release(window->live, &shot);
    return reached;
}

bsr_status live_window_open(struct live_window **out, const struct options *options, struct bsr_error *err)
{
    const struct display_options how = {
        .title = "besra live", .width = options->window.width, .height = options->window.height};
    struct live_window *window = mem_alloc_zeroed(1, sizeof *window);

    if (!window)
        return bsr_fail_memory(err, "live", sizeof *window);
    window->options = options;
    const struct session_options hooks = {.is_reached = is_reached, .context = window};
    bsr_status status = session_open_window(&window->module, &window->display, &how, &hooks, err);
    if (status != BSR_OK) {
        bsr_hint(err, "--headless does all but the window: besra live --headless --json");
        mem_free(window);
        return status;
    }
    *out = window;
    return BSR_OK;
}

void live_window_close(struct live_window *window)
{
    if (!window)
        return;
    window->module->close(window->display);
    mem_free(window);
}

void live_window_wake(struct live_window *window)
{
    window->module->wake(window->display);
}

/* ---- its look ------------------------------------------------------------------------------------------ */

static struct view_look look_of(const struct options *options)
{
    struct view_look look = view_usual_look();

    look.theme = options->theme == LOOK_LIGHT ? THEME_LIGHT : THEME_DARK;
    look.panel = !options->hide_panel;
    look.boxes = !options->hide_boxes;
    look.labels = !options->hide_labels;
    return look;
}

static void remember(struct live_window *window)
{
    enum option_id          ids[] = {OPTION_THEME,       OPTION_HIDE_PANEL,   OPTION_HIDE_BOXES,
                                     OPTION_HIDE_LABELS, OPTION_HIDE_NUMBERS, OPTION_WINDOW};
    size_t                  count = sizeof ids / sizeof *ids;
    const struct live_view *view = &window->view;
    struct options          now = *window->options;
    struct bsr_error        err;
    float                   scale;

    now.theme = view->look.theme == THEME_LIGHT ? LOOK_LIGHT : LOOK_DARK;
    now.hide_panel = !view->look.panel;
    now.hide_boxes = !view->look.boxes;
    now.hide_labels = !view->look.labels;
    now.hide_numbers = !view->numbers;
    if (view->full) /* the screen's size is not the window's */
        count--;
    else
        window->module->size(window->display, &now.window.width, &now.window.height, &scale);
    if (!window->options->no_config && window_memory_write(&now, ids, count, &err) != BSR_OK)
        terminal_error(&err); /* a pity, no failure */
}

/* ---- what it shows ------------------------------------------------------------------------------------- */

/* The line as it was typed, but for what can be changed in the window. */
static void write_command(const struct options *options, struct bytes *out)
{
    static const enum option_id shown[] = {
        OPTION_CONF,   OPTION_IOU,        OPTION_COUNT_LINE, OPTION_ZONE,        OPTION_THEME,
        OPTION_WINDOW, OPTION_HIDE_PANEL, OPTION_HIDE_BOXES, OPTION_HIDE_LABELS, OPTION_HIDE_NUMBERS};

    bytes_append_text(out, "besra live");
    for (size_t i = 0; i < options->input_count; i++)
        shell_append_word(out, options->inputs[i]);
    options_write_line(options, shown, sizeof shown / sizeof *shown, out);
}

bsr_status live_window_show(struct live_window *window, struct live *live, const struct count_shape *shapes,
                            int shape_count, struct bsr_error *err)
{
    static const char *const precisions[] = {"f32", "bf16", "int8"}; /* in the order of --precision */
    const struct options    *options = window->options;
    struct bytes             command = {0};

    write_command(options, &command);
    const struct live_view_options how = {
        .live = live,
        .source = options->input_count ? options->inputs[0] : "0",
        .command = bytes_text(&command),
        .precision = precisions[options->precision],
        .lens_model = "srcnn",
        .hints = run_hints(options),
        .shapes = shapes,
        .shape_count = shape_count,
        .ends = options->frames > 0 || options->duration > 0,
        .look = look_of(options),
        .hide_numbers = options->hide_numbers,
    };
    live_view_start(&window->view, &how);
    window->live = live;
    bsr_status status = command.failed ? bsr_fail_memory(err, "live", command.size)
                                       : live_view_loop(&window->view, window->module, window->display, err);
    window->live = NULL;
    if (status == BSR_OK)
        remember(window);
    live_view_stop(&window->view);
    if (status == BSR_OK && window->module == &session_module)
        status = session_outcome(window->display, err);
    bytes_free(&command);
    return status;
}
