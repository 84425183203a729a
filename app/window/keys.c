#include "app/window/keys.h"

#include "app/window/view_parts.h"

#include <stdio.h>
#include <string.h>

static void go(struct view *view, long by)
{
    long count = (long)view->shot.count, next = (long)view->shot.selected + by;
    if (!count)
        return;
    next = next < 0 ? 0 : next >= count ? count - 1 : next;
    viewer_select(view->viewer, (size_t)next);
}

static void next(struct view *view)
{
    go(view, 1);
}

static void previous(struct view *view)
{
    go(view, -1);
}

static void first(struct view *view)
{
    go(view, -(long)view->shot.count);
}

static void last(struct view *view)
{
    go(view, (long)view->shot.count);
}

static void open_prompt(struct view *view)
{
    view_open_prompt(view, DIALOGUE_OPEN);
}

static void take_out(struct view *view)
{
    if (view->shot.count)
        viewer_remove(view->viewer, view->shot.selected);
}

/* ---- a video ---- */

static void play(struct view *view)
{
    if (view->shot.video.there)
        viewer_play(view->viewer, !view->shot.video.playing);
    else
        go(view, 1);
}

static void step(struct view *view)
{
    viewer_step(view->viewer, 1);
}

static void step_back(struct view *view)
{
    viewer_step(view->viewer, -1);
}

static void ahead(struct view *view)
{
    view_seek_by(view, 5);
}

static void back(struct view *view)
{
    view_seek_by(view, -5);
}

/* ---- the picture ---- */

static void fit(struct view *view)
{
    canvas_fit(&view->canvas);
}

/* Where zooming by keys and buttons is towards: the pointer, where it is over the picture. */
static void zoom_point(const struct view *view, float *x, float *y)
{
    const struct rect *area = &view->canvas.area;
    bool               over = view->ui.inside && rect_has(*area, view->ui.x, view->ui.y);
    *x = over ? view->ui.x : area->x + area->width / 2;
    *y = over ? view->ui.y : area->y + area->height / 2;
}

static void zoom(struct view *view, double factor)
{
    float x, y;
    zoom_point(view, &x, &y);
    canvas_zoom(&view->canvas, factor, x, y);
}

static void actual(struct view *view)
{
    float x, y;
    zoom_point(view, &x, &y);
    canvas_actual(&view->canvas, x, y);
}

static void zoom_in(struct view *view)
{
    zoom(view, 1.25);
}

static void zoom_out(struct view *view)
{
    zoom(view, 0.8);
}

static void detect(struct view *view)
{
    view_choose_task(view, CARD_DETECT);
}

static void enlarge(struct view *view)
{
    view_choose_task(view, CARD_UPSCALE);
}

static void classify(struct view *view)
{
    view_choose_task(view, CARD_CLASSIFY);
}

/* The setting that matters most of the task at hand. */
static void change_main_setting(struct view *view, int steps)
{
    struct viewer_settings settings = view->shot.settings;
    if (view->shot.task == CARD_DETECT)
        settings.confidence = fmin(fmax(settings.confidence + 0.05 * steps, 0), 1);
    else if (view->shot.task == CARD_UPSCALE)
        settings.factor = fmin(fmax(settings.factor + 0.5 * steps, 1), 16);
    else
        settings.top = (int)fmin(fmax(settings.top + steps, 1), 20);
    view_set(view, &settings);
}

static void less(struct view *view)
{
    change_main_setting(view, -1);
}

static void more(struct view *view)
{
    change_main_setting(view, 1);
}

static void boxes(struct view *view)
{
    view->look.boxes = !view->look.boxes;
}

static void labels(struct view *view)
{
    struct viewer_settings settings = view->shot.settings;
    settings.hide_labels = !settings.hide_labels;
    view_set(view, &settings);
}

static void compare(struct view *view)
{
    view->look.compare = (view->look.compare + 1) % COMPARE_COUNT;
}

static void undo(struct view *view)
{
    if (!viewer_undo(view->viewer))
        view_say(view, "nothing to undo");
}

static void redo(struct view *view)
{
    if (!viewer_redo(view->viewer))
        view_say(view, "nothing to do again");
}

static void save(struct view *view)
{
    view_open_prompt(view, DIALOGUE_SAVE);
}

static void record(struct view *view)
{
    view_open_prompt(view, DIALOGUE_RECORD);
}

static void folder(struct view *view)
{
    if (view->shot.batch_state == VIEWER_WORKING)
        viewer_cancel_batch(view->viewer);
    else
        view_open_prompt(view, DIALOGUE_FOLDER);
}

static void copy_command(struct view *view)
{
    if (!view->command.size)
        return;
    if (view->shot.unsaved) { /* the line reads a file: there is to be one */
        view_open_prompt(view, DIALOGUE_KEEP);
        return;
    }
    if (view->command.size >= sizeof view->wishes.copy) {
        view_say(view, "the line is too long to copy");
        return;
    }
    memcpy(view->wishes.copy, bytes_text(&view->command), view->command.size + 1);
    view_say(view, "copied: %s", bytes_text(&view->command));
}

/* As a table that a spreadsheet takes: a line for each box or class. */
static void copy_found(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct bytes                  text = {0};

    for (size_t i = 0; i < shot->detection_count; i++) {
        const struct detection *box = &shot->detections[i];
        bytes_append_format(&text, "%s\t%.4f\t%.1f\t%.1f\t%.1f\t%.1f\n",
                            view_class_name(view, box->class_index), box->score, box->x1, box->y1, box->x2,
                            box->y2);
    }
    for (size_t i = 0; i < shot->score_count; i++)
        bytes_append_format(&text, "%s\t%.4f\n", shot->score_names[i], (double)shot->scores[i].score);
    if (!text.failed && text.size && text.size < sizeof view->wishes.copy) {
        memcpy(view->wishes.copy, text.data, text.size + 1);
        view_say(view, "copied what was found, %zu lines", shot->detection_count + shot->score_count);
    } else {
        view_say(view, text.size ? "too much to copy: save a record instead" : "nothing was found");
    }
    bytes_free(&text);
}

static void panel(struct view *view)
{
    if (view->narrow)
        view->panel_over = !view->panel_over;
    else
        view->look.panel = !view->look.panel;
}

static void strip(struct view *view)
{
    view->look.strip = !view->look.strip;
}

static void theme(struct view *view)
{
    view->look.theme = view->look.theme == THEME_DARK ? THEME_LIGHT : THEME_DARK;
}

static void full(struct view *view)
{
    view->full = !view->full;
    view->wishes.full_screen = true;
    view->wishes.full = view->full;
}

static void debug(struct view *view)
{
    view->debug = !view->debug;
}

static void show_keys(struct view *view)
{
    view->dialogue = view->dialogue == DIALOGUE_KEYS ? DIALOGUE_NONE : DIALOGUE_KEYS;
}

static void close_one(struct view *view)
{
    if (view->box.class_index >= 0)
        view->box.class_index = -1;
    else if (view->narrow && view->panel_over)
        view->panel_over = false;
    else if (view->full)
        full(view);
}

static void quit(struct view *view)
{
    view->wishes.quit = true;
}

const struct action_row action_rows[ACTION_COUNT] = {
    [ACTION_NEXT] = {{"right"}, "Pictures", "next picture", "the filmstrip, the arrow", next},
    [ACTION_PREVIOUS] =
        {{"left", "backspace"}, "Pictures", "previous picture", "the filmstrip, the arrow", previous},
    [ACTION_FIRST] = {{"home"}, "Pictures", "first picture", "the filmstrip", first},
    [ACTION_LAST] = {{"end"}, "Pictures", "last picture", "the filmstrip", last},
    [ACTION_OPEN] =
        {{"o", "ctrl+o"}, "Pictures", "open pictures, videos or a model", "the first button", open_prompt},
    [ACTION_PASTE] =
        {{"ctrl+v"}, "Pictures", "paste a picture, files or a path", "the second button", view_paste},
    [ACTION_REMOVE] =
        {{"delete"}, "Pictures", "take the picture out of the list", "the cross in the filmstrip", take_out},
    [ACTION_PLAY] =
        {{"space"}, "Video", "play, pause a video; next picture", "the button below the video", play},
    [ACTION_STEP] = {{"."}, "Video", "one frame forward", "the button below the video", step},
    [ACTION_STEP_BACK] = {{","}, "Video", "one frame back", "the button below the video", step_back},
    [ACTION_AHEAD] = {{"shift+right"}, "Video", "five seconds forward", "the time line", ahead},
    [ACTION_BACK] = {{"shift+left"}, "Video", "five seconds back", "the time line", back},
    [ACTION_DETECT] = {{"d"}, "Model", "find objects", "the button at the top", detect},
    [ACTION_ENLARGE] = {{"u"}, "Model", "enlarge", "the button at the top", enlarge},
    [ACTION_CLASSIFY] = {{"k"}, "Model", "name what it shows", "the button at the top", classify},
    [ACTION_MODELS] = {{"m"}, "Model", "choose a model", "its name at the top", view_open_models},
    [ACTION_LESS] = {{"["}, "Model", "less confidence, or a smaller factor", "the slider", less},
    [ACTION_MORE] = {{"]"}, "Model", "more confidence, or a larger factor", "the slider", more},
    [ACTION_BOXES] = {{"b"}, "Model", "boxes on and off", "the switch in the panel", boxes},
    [ACTION_LABELS] = {{"l"}, "Model", "labels on and off", "the switch in the panel", labels},
    [ACTION_SHOW_ALL] =
        {{"x"}, "Model", "show the classes that were hidden", "the row below the legend", view_show_all},
    [ACTION_COMPARE] = {{"v"}, "Model", "compare in another way", "the buttons in the panel", compare},
    [ACTION_SAVE] = {{"s", "ctrl+s"},
                     "Results",
                     "save the picture with boxes, or enlarged",
                     "a button in the panel",
                     save},
    [ACTION_RECORD] = {{"r"}, "Results", "save the record (JSON)", "a button in the panel", record},
    [ACTION_FOLDER] =
        {{"a"}, "Results", "all pictures of the list; stops that, too", "a button in the panel", folder},
    [ACTION_COPY_COMMAND] =
        {{"c"}, "Results", "copy the command line that makes this", "the line itself", copy_command},
    [ACTION_COPY_PICTURE] = {{"ctrl+c"},
                             "Results",
                             "copy the picture with boxes, or enlarged",
                             "a button in the panel",
                             view_copy_picture},
    [ACTION_COPY_FOUND] = {{"ctrl+shift+c", "y"},
                           "Results",
                           "copy what was found, as a table",
                           "a button in the panel",
                           copy_found},
    [ACTION_PANEL] = {{"p"}, "Window", "the panel", "a button at the top", panel},
    [ACTION_STRIP] = {{"t"}, "Window", "the filmstrip", "a button at the top", strip},
    [ACTION_THEME] = {{"n"}, "Window", "dark or light (night or day)", "a button at the top", theme},
    [ACTION_FULL] = {{"f11"}, "Window", "the whole screen", "a button at the bottom", full},
    [ACTION_DEBUG] = {{"f3"}, "Window", "how fast the window is", "the time at the bottom", debug},
    [ACTION_KEYS] = {{"?", "f1"}, "Window", "these keys", "the question mark", show_keys},
    [ACTION_CLOSE] = {{"escape"}, "Window", "close what is open", "the cross", close_one},
    [ACTION_QUIT] = {{"q", "ctrl+q", "ctrl+w"}, "Window", "leave", "the window's own cross", quit},
    [ACTION_FIT] = {{"0", "f"}, "Picture", "all of the picture", "a double click on it", fit},
    [ACTION_ACTUAL] = {{"1"}, "Picture", "one pixel for one pixel", "the zoom at the bottom", actual},
    [ACTION_ZOOM_IN] = {{"+", "="}, "Picture", "larger", "the wheel", zoom_in},
    [ACTION_ZOOM_OUT] = {{"-"}, "Picture", "smaller", "the wheel", zoom_out},
    [ACTION_UNDO] = {{"ctrl+z"}, "Settings", "undo a setting", "the arrow at the top", undo},
    [ACTION_REDO] = {{"ctrl+shift+z", "ctrl+y"}, "Settings", "do it again", "the arrow at the top", redo},
};

void action_do(struct view *view, enum action action)
{
    action_rows[action].act(view);
}

static bool has_key(struct ui *ui, const struct action_row *row)
{
    for (size_t i = 0; i < sizeof row->keys / sizeof *row->keys && row->keys[i]; i++)
        if (ui_take_key(ui, row->keys[i]))
            return true;
    return false;
}

void keys_act(struct view *view)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        bool always = i == ACTION_KEYS || i == ACTION_THEME || i == ACTION_QUIT;
        if (view->dialogue != DIALOGUE_NONE && !(always && view->dialogue == DIALOGUE_KEYS))
            continue;
        if (has_key(&view->ui, &action_rows[i])) {
            action_do(view, (enum action)i);
            ui_again(&view->ui, 0);
            return;
        }
    }
}

const char *action_tip(enum action action, char space[128])
{
    snprintf(space, 128, "%s (%s)", action_rows[action].help, action_rows[action].keys[0]);
    return space;
}

void keys_document(struct bytes *out)
{
    bytes_append_text(out, "| key | what it does | or click |\n| --- | --- | --- |\n");
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_row *row = &action_rows[i];
        bytes_append_text(out, "| ");
        for (size_t k = 0; k < sizeof row->keys / sizeof *row->keys && row->keys[k]; k++)
            bytes_append_format(out, "%s`%s`", k ? ", " : "", row->keys[k]);
        bytes_append_format(out, " | %s | %s |\n", row->help, row->where);
    }
}
