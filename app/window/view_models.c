/* The picker of models: the cards that there are, and a line for any other. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_progress.h"
#include "base/alloc.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_MODELS = 512, GROUPS = 3 };

/* The models found, before they are put in order. */
struct found {
    struct bytes   texts; /* of each: what -m takes, its name, a note; each ended by 0 */
    size_t         at[MOST_MODELS];
    enum card_task task[MOST_MODELS];
    size_t         count;
};

static bool is_there(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0;
}

static bsr_status find_one(void *context, const char *path, struct bsr_error *err)
{
    struct found *found = context;
    struct card   card = {0};
    size_t        length = strlen(path);
    bool          bare = length > 5 && strcmp(path + length - 5, ".onnx") == 0;

    (void)err;
    if (found->count == MOST_MODELS)
        return BSR_OK;
    struct bsr_error why;
    if ((bare ? card_for_file(&card, path, &why) : card_read(&card, path, &why)) != BSR_OK)
        return BSR_OK; /* one broken card doesn't hide the others */
    if (is_there(card.file)) {
        const char *note = file_name(card.file);
        found->at[found->count] = found->texts.size;
        found->task[found->count++] = card.task;
        bytes_append(&found->texts, bare ? path : card.name, strlen(bare ? path : card.name) + 1);
        bytes_append(&found->texts, bare ? note : card.name, strlen(bare ? note : card.name) + 1);
        bytes_append(&found->texts, bare ? "" : note, strlen(bare ? "" : note) + 1);
    }
    card_free(&card);
    return BSR_OK;
}

/* Rows by task, each group under its heading. */
static void make_rows(struct view *view, const struct found *found)
{
    static const struct {
        enum card_task task;
        const char    *title;
    } groups[] = {{CARD_DETECT, "Find objects"},
                  {CARD_UPSCALE, "Enlarge"},
                  {CARD_CLASSIFY, "Classify"},
                  {CARD_TASK_UNKNOWN, "Without a card"}};
    const char *texts = bytes_text(&view->model_names);

    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        bool titled = false;
        for (size_t i = 0; i < found->count; i++) {
            if (found->task[i] != groups[g].task)
                continue;
            if (!titled)
                view->model_rows[view->model_count++] =
                    (struct list_row){.text = groups[g].title, .heading = true};
            titled = true;
            const char *path = texts + found->at[i], *name = path + strlen(path) + 1;
            view->model_paths[view->model_count] = path;
            view->model_rows[view->model_count++] =
                (struct list_row){.text = name, .note = name + strlen(name) + 1};
        }
    }
}

void view_open_models(struct view *view)
{
    struct found     found = {0};
    struct bsr_error err;
    const size_t     most = MOST_MODELS + GROUPS + 1;

    view->dialogue = DIALOGUE_MODELS;
    view->model_count = 0;
    view->model_list = (struct list_state){0};
    field_set(&view->field, "");
    ui_again(&view->ui, 0);
    if (!view->model_rows)
        view->model_rows = mem_alloc_zeroed(most, sizeof *view->model_rows);
    if (!view->model_paths)
        view->model_paths = mem_alloc_zeroed(most, sizeof *view->model_paths);
    bsr_status status = card_visit_all(find_one, &found, &err);
    bytes_free(&view->model_names);
    view->model_names = found.texts;
    if (status != BSR_OK)
        view_say_error(view, &err);
    else if (view->model_rows && view->model_paths && !found.texts.failed)
        make_rows(view, &found);
}

static void choose(struct view *view, const char *name)
{
    view_choose_model(view, name);
    view_close_dialogue(view);
}

void view_models_add(struct view *view)
{
    struct ui  *ui = &view->ui;
    struct rect area = view_dialogue_begin(view, "Models", 460, 460);
    const char *used = view->shot.model_used;

    for (size_t i = 0; i < view->model_count; i++)
        view->model_rows[i].marked =
            used && !view->model_rows[i].heading && strcmp(view->model_paths[i], used) == 0;
    struct rect line = rect_cut_bottom(&area, ui_points(ui, 32));
    rect_cut_bottom(&area, ui_points(ui, 8));
    ui->focus = ui_name("model name", 0);
    /* up, down and Return are the list's while nothing is typed */
    int chosen = list_add(ui, area, "models", view->model_rows, view->model_count, !view->field.text[0],
                          &view->model_list);
    enum field_result typed = field_add(ui, line, "model name",
                                        "or type the path of an .onnx; or drop it here", false, &view->field);
    if (!view->model_count)
        ui_text(ui, area, "no models are there; BESRA_MODELS can name their folder", POINT_TEXT,
                ui->theme->quiet, ALIGN_CENTRE);
    if (chosen != LIST_NONE)
        choose(view, view->model_paths[chosen]);
    else if (typed == FIELD_DONE && view->field.text[0])
        choose(view, view->field.text);
    else if (typed == FIELD_LEFT)
        view_close_dialogue(view);
    view_dialogue_end(view);
}
