/* The clipboard: what is pasted becomes a picture of the list, what is shown is copied. */
#include "app/window/view_parts.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* ---- pasting ---------------------------------------------------------------------------------------------
 */

bsr_status view_use_pasted(struct view *view, struct bytes *picture, struct bsr_error *err)
{
    char stem[32];

    snprintf(stem, sizeof stem, "pasted-%u", view->pasted + 1);
    bsr_status status = viewer_add_encoded(view->viewer, picture, stem, err);
    if (status == BSR_OK)
        view->pasted++;
    return status;
}

void view_paste(struct view *view)
{
    view->paste_why = (struct bsr_error){0};
    if (!view->board)
        view->wishes.paste = true;
    else if (!board_fetch(view->board))
        view_say(view, "the clipboard is busy");
}

void view_paste_text(struct view *view, const char *text)
{
    if (text)
        view_open_text(view, text);
    else if (view->paste_why.code != BSR_OK)
        view_say_error(view, &view->paste_why);
    else
        view_say(view, "there is nothing to paste");
}

/* Where no tool gives what is there, it may be text, which needs none; a picture that is broken is no text.
 */
static void say_unfetched(struct view *view, const struct bsr_error *error)
{
    bool tools = error->code == BSR_EMISSING || error->code == BSR_EIO || error->code == BSR_ECANCELED;
    view->paste_why = *error;
    if (tools)
        view->wishes.paste = true;
    else
        view_say_error(view, error);
}

/* ---- copying ---------------------------------------------------------------------------------------------
 */

/* What is copied, in the board's thread. */
struct copying {
    struct viewer         *viewer;
    struct viewer_snapshot shot;
};

static bsr_status encode(void *context, struct bytes *png, struct bsr_error *err)
{
    const struct copying *copying = context;
    return viewer_encode_picture(copying->viewer, &copying->shot, png, err);
}

static void end_copying(void *context)
{
    struct copying *copying = context;
    viewer_release(copying->viewer, &copying->shot);
    mem_free(copying);
}

static void say_copied(struct view *view, const struct viewer_snapshot *shot)
{
    const struct bsr_image *image = shot->enlarged ? shot->enlarged : shot->picture;
    const char             *what = shot->enlarged                                  ? "the enlarged picture"
                                   : shot->task == CARD_DETECT && shot->model_used ? "the picture with its boxes"
                                                                                   : "the picture";
    snprintf(view->copied, sizeof view->copied, "copied %s, %d \xc3\x97 %d", what, image->width,
             image->height);
}

void view_copy_picture(struct view *view)
{
    if (!view->shot.picture) {
        view_say(view, "there is no picture to copy");
        return;
    }
    struct copying *copying = view->board ? mem_alloc_zeroed(1, sizeof *copying) : NULL;
    if (!copying) {
        view_say(view, "pictures can't be copied here");
        return;
    }
    *copying = (struct copying){.viewer = view->viewer, .shot = viewer_snapshot(view->viewer)};
    if (copying->shot.picture)
        say_copied(view, &copying->shot);
    if (board_give(view->board, encode, end_copying, copying))
        view_say(view, "copying the picture\xe2\x80\xa6");
    else
        view_say(view, "the clipboard is busy");
}

/* ---- what became of it -----------------------------------------------------------------------------------
 */

static void say_pasted(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    view_say(view, "pasted as %s; it is in no file until it is saved",
             shot->count ? viewer_name(shot, shot->count - 1) : "a picture");
}

void view_board_pass(struct view *view)
{
    struct board_report report;

    if (!view->board)
        return;
    board_take(view->board, &report);
    switch (report.news) {
    case BOARD_NOTHING:
        break;
    case BOARD_FILES:
        view_open_text(view, bytes_text(&report.files));
        break;
    case BOARD_USED:
        say_pasted(view);
        break;
    case BOARD_TEXT:
        view->wishes.paste = true;
        break;
    case BOARD_GIVEN:
        view_say(view, "%s", view->copied);
        break;
    case BOARD_FAILED:
        if (report.giving)
            view_say_error(view, &report.error);
        else
            say_unfetched(view, &report.error);
        break;
    }
    bytes_free(&report.files);
}
