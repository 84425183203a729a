/* Dialogues of one line: what to open, where to save. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *title, *hint, *verb;
} prompts[] = {
    [DIALOGUE_OPEN] = {"Open", "a picture, a video, a folder, a pattern, or a model (.onnx)", "Open"},
    [DIALOGUE_SAVE] = {"Save the picture", "a file: .png, .jpg, .webp, .tiff", "Save"},
    [DIALOGUE_KEEP] = {"Save what was pasted", "a file, as it came; the command line reads it", "Save"},
    [DIALOGUE_RECORD] = {"Save the record", "a file: .json", "Save"},
    [DIALOGUE_FOLDER] = {"All pictures of the list", "a folder to write to", "Begin"},
};

/* The model's name without folder and ending, as the commands name their folders. */
static void stem_of(const char *path, char *out, size_t size)
{
    snprintf(out, size, "%s", path ? file_name(path) : "besra");
    char *dot = strrchr(out, '.');
    if (dot && dot != out)
        *dot = '\0';
}

/* Behind the video's name: the number of the frame at which it stands, or its time where numbers are not
 * exact. */
static void name_frame(struct view *view, char *name, size_t size)
{
    struct viewer_snapshot now = viewer_snapshot(view->viewer);
    size_t                 length = strlen(name);

    if (now.video.steady)
        snprintf(name + length, size - length, "-frame-%lld", now.video.number);
    else
        snprintf(name + length, size - length, "-t%.3f", now.video.time);
    viewer_release(view->viewer, &now);
}

static void suggest(struct view *view, enum dialogue dialogue, char *out, size_t size)
{
    char        model[256], picture[256];
    const char *name = view->shot.count ? viewer_name(&view->shot, view->shot.selected) : NULL;

    stem_of(view->shot.model_used, model, sizeof model);
    stem_of(name, picture, sizeof picture);
    if (view->shot.video.there)
        name_frame(view, picture, sizeof picture);
    out[0] = '\0';
    if (dialogue == DIALOGUE_SAVE && view->shot.video.there)
        snprintf(out, size, "besra-out/%s/%s.png", model, picture);
    else if (dialogue == DIALOGUE_SAVE)
        snprintf(out, size, "besra-out/%s/%s", model, name ? file_name(name) : "picture.png");
    else if (dialogue == DIALOGUE_KEEP)
        snprintf(out, size, "%s", name ? name : "");
    else if (dialogue == DIALOGUE_RECORD)
        snprintf(out, size, "besra-out/%s/%s.json", model, picture);
    else if (dialogue == DIALOGUE_FOLDER)
        snprintf(out, size, "besra-out/%s", model);
}

void view_open_prompt(struct view *view, enum dialogue dialogue)
{
    char text[FIELD_SPACE];

    if (dialogue != DIALOGUE_OPEN && !view->shot.count) {
        view_say(view, "no picture is open");
        return;
    }
    if (dialogue != DIALOGUE_OPEN)
        viewer_play(view->viewer, false); /* what is named is what will be saved */
    suggest(view, dialogue, text, sizeof text);
    field_set(&view->field, text);
    view->dialogue = dialogue;
    view->field_why[0] = '\0';
    view->field_overwrite = false;
    ui_again(&view->ui, 0);
}

static bsr_status make_folder_of(const char *path, struct bsr_error *err)
{
    char   folder[FIELD_SPACE];
    size_t length = (size_t)(file_name(path) - path);
    if (!length)
        return BSR_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    return file_make_folders(folder, err);
}

static bsr_status save(struct view *view, struct bsr_error *err)
{
    const char *path = view->field.text;
    bsr_status  status = make_folder_of(path, err);
    if (status != BSR_OK)
        return status;
    if (view->dialogue == DIALOGUE_RECORD)
        return viewer_save_record(view->viewer, &view->shot, path, view->field_overwrite, err);
    if (view->dialogue == DIALOGUE_KEEP)
        return viewer_save_pasted(view->viewer, &view->shot, path, view->field_overwrite, err);
    return viewer_save_picture(view->viewer, &view->shot, path, view->field_overwrite, err);
}

/* The line that reads what was saved is true from now on. */
static void say_kept(struct view *view, const char *path)
{
    struct viewer_snapshot shot = viewer_snapshot(view->viewer);
    struct bytes           line = {0};
    struct bsr_error       err;

    if (viewer_command(view->viewer, &shot, &line, &err) == BSR_OK && line.size < sizeof view->wishes.copy) {
        memcpy(view->wishes.copy, line.data, line.size + 1);
        view_say(view, "saved: %s, and copied the line that reads it", path);
    } else {
        view_say(view, "saved: %s", path);
    }
    bytes_free(&line);
    viewer_release(view->viewer, &shot);
}

static void act(struct view *view)
{
    enum dialogue    dialogue = view->dialogue;
    const char      *text = view->field.text;
    struct bsr_error err;

    if (!*text)
        return;
    if (dialogue == DIALOGUE_OPEN) {
        view_close_dialogue(view);
        view_open_text(view, text);
    } else if (dialogue == DIALOGUE_FOLDER) {
        viewer_start_batch(view->viewer, text);
        view_close_dialogue(view);
    } else if (save(view, &err) == BSR_OK) {
        if (dialogue == DIALOGUE_KEEP)
            say_kept(view, text);
        else
            view_say(view, "saved: %s", text);
        view_close_dialogue(view);
    } else {
        snprintf(view->field_why, sizeof view->field_why, "%s", err.message);
        view->field_overwrite = err.code == BSR_EEXIST; /* once more replaces it */
        ui_again(&view->ui, 0);
    }
}

void view_prompt_add(struct view *view)
{
    struct ui  *ui = &view->ui;
    int         which = (int)view->dialogue;
    struct rect area = view_dialogue_begin(view, prompts[which].title, 520, 172);
    struct rect line = rect_cut_top(&area, ui_points(ui, 32));

    ui->focus = ui_name("prompt", 0);
    enum field_result result =
        field_add(ui, line, "prompt", prompts[which].hint, view->field_why[0] != '\0', &view->field);
    if (result == FIELD_CHANGED) {
        view->field_why[0] = '\0';
        view->field_overwrite = false;
    }
    rect_cut_top(&area, ui_points(ui, 4));
    struct rect foot = rect_cut_bottom(&area, ui_points(ui, 32));
    if (view->field_why[0])
        ui_text(ui, rect_cut_top(&area, ui_points(ui, 22)), view->field_why, POINT_SMALL, ui->theme->bad,
                ALIGN_LEFT);
    struct button go = {.name = "prompt go",
                        .label = view->field_overwrite ? "Replace" : prompts[which].verb,
                        .primary = true,
                        .off = !view->field.text[0]};
    struct rect   place = rect_cut_right(&foot, button_width(ui, &go));
    bool          pressed = button_add(ui, place, &go);
    if (result == FIELD_LEFT)
        view_close_dialogue(view);
    else if (result == FIELD_DONE || pressed)
        act(view);
    view_dialogue_end(view);
}
