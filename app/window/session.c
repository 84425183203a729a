#include "app/window/session.h"

#include "app/window/frame_times.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/image.h"
#include "base/priority.h"
#include "media/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USUAL_WAIT_MS = 60 * 1000, GLANCE_MS = 10, SCRIPT_MOST_BYTES = 16 << 20 };

struct display {
    const struct display_module *module;
    struct display              *real;
    struct session_options       options;
    struct script                script;
    size_t                       next;     /* step */
    double                       since_ms; /* that the step is waited for; 0: not yet */
    bool                         paused;   /* until the window has shown what the last event made of it */
    bool                         playing;
    int                          record; /* file; negative: none */
    double                       due_ms; /* when the next event is to come, with a pace; 0: not yet known */
    struct frame_times          *times;  /* or NULL */
    struct bsr_error             failure;
};

/* ---- opening ---- */

static bsr_status read_script(struct script *out, const char *path, struct bsr_error *err)
{
    struct bytes file = {0};
    bsr_status   status = file_read(&file, path, SCRIPT_MOST_BYTES, err);
    if (status == BSR_OK)
        status = script_parse(out, bytes_text(&file), file.size, path, err);
    bytes_free(&file);
    return status;
}

static bsr_status open_record(int *out, const char *path, struct bsr_error *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return bsr_fail(err, BSR_EIO, path, "events can't be recorded there: %s", strerror(errno));
    *out = file;
    return BSR_OK;
}

static void release(struct display *session)
{
    script_free(&session->script);
    frame_times_close(session->times);
    if (session->record >= 0)
        close(session->record);
    mem_free(session);
}

bsr_status session_open(struct display **out, const struct session_options *options, struct bsr_error *err)
{
    struct display *made = mem_alloc_zeroed(1, sizeof *made);
    bsr_status      status = BSR_OK;
    if (!made)
        return bsr_fail_memory(err, "window", sizeof *made);
    made->module = options->module;
    made->real = options->display;
    made->options = *options;
    made->paused = true; /* the window paints before the first step */
    made->playing = options->play;
    made->record = -1;
    if (options->play)
        status = read_script(&made->script, options->play, err);
    if (status == BSR_OK && options->record)
        status = open_record(&made->record, options->record, err);
    if (status == BSR_OK && options->times)
        status = frame_times_open(&made->times, options->times, err);
    if (status == BSR_OK)
        *out = made;
    else
        release(made);
    return status;
}

bsr_status session_open_window(const struct display_module **module, struct display **out,
                               const struct display_options *options, const struct session_options *hooks,
                               struct bsr_error *err)
{
    const struct display_module *real = NULL;
    struct display              *display = NULL;
    struct session_options       session = hooks ? *hooks : (struct session_options){0};
    session.play = secure_getenv("BESRA_PLAY_EVENTS");
    session.record = secure_getenv("BESRA_RECORD_EVENTS");
    session.shots = secure_getenv("BESRA_SHOTS");
    session.times = secure_getenv("BESRA_FRAME_TIMES");
    const char *pace = secure_getenv("BESRA_PLAY_PACE");
    session.pace_ms = pace ? (int)fmin(fmax(strtod(pace, NULL), 0), SCRIPT_MOST_WAIT_MS) : 0;
    bsr_status status = display_module_find(&real, err);
    if (status == BSR_OK)
        status = real->open(&display, options, err);
    if (status != BSR_OK)
        return status;
    priority_lower_workers();
    if (!session.play && !session.record) {
        *module = real;
        *out = display;
        return BSR_OK;
    }
    session.module = real;
    session.display = display;
    status = session_open(out, &session, err);
    if (status == BSR_OK)
        *module = &session_module;
    else
        real->close(display);
    return status;
}

static void close_session(struct display *session)
{
    if (!session)
        return;
    session->module->close(session->real);
    release(session);
}

bsr_status session_outcome(const struct display *session, struct bsr_error *err)
{
    if (session->failure.code != BSR_OK && err)
        *err = session->failure;
    return session->failure.code;
}

/* ---- playing ---- */

static bsr_status keep_shot(struct display *session, const char *name, struct bsr_error *err)
{
    struct picture picture = {.format = PICTURE_PNG};
    struct bytes   path = {0}, png = {0};
    const char    *folder = session->options.shots;
    bsr_status     status = session->module->shot(session->real, &picture.image, err);
    if (status == BSR_OK && folder)
        status = file_make_folders(folder, err);
    if (status == BSR_OK && !bytes_append_format(&path, "%s/%s.png", folder ? folder : ".", name))
        status = bsr_fail_memory(err, name, 0);
    if (status == BSR_OK)
        status = picture_encode(&png, &picture, PICTURE_PNG, 90, err);
    if (status == BSR_OK)
        status = file_write(bytes_text(&path), png.data, png.size, true, false, err);
    image_free(&picture.image);
    bytes_free(&png);
    bytes_free(&path);
    return status;
}

/* The script is over: its window closes. */
static bool give_quit(struct event *out)
{
    *out = (struct event){.kind = EVENT_QUIT, .at_ms = clock_ms()};
    return true;
}

static bool end_with(struct display *session, const struct script_step *step, const char *why,
                     struct event *out)
{
    bsr_fail(&session->failure, BSR_ECANCELED, session->options.play, "line %d: '%s' %s", step->line,
             script_text(&session->script, step), why);
    session->next = session->script.count;
    return give_quit(out);
}

/* What comes from the system while a script is played: all that no hand does. */
static bool next_of_system(struct display *session, struct event *out, int wait_ms)
{
    while (session->module->next_event(session->real, out, wait_ms)) {
        if (out->kind == EVENT_WAKE || out->kind == EVENT_RESIZE || out->kind == EVENT_QUIT)
            return true;
        wait_ms = 0;
    }
    return false;
}

enum waited { STILL_WAITING, WAITED, NEVER };

static enum waited is_waited(struct display *session, const struct script_step *step, const char **why)
{
    const struct session_options *options = &session->options;
    double                        now = clock_ms();
    int                           most = options->wait_ms ? options->wait_ms : USUAL_WAIT_MS;
    session->since_ms = session->since_ms > 0 ? session->since_ms : now;
    if (step->kind == STEP_WAIT)
        return now - session->since_ms >= step->wait_ms ? WAITED : STILL_WAITING;
    int reached = -1;
    if (options->is_reached)
        reached = options->is_reached(options->context, script_text(&session->script, step));
    if (reached > 0)
        return WAITED;
    *why = reached < 0 ? "is no state of this window" : "did not come in time";
    return reached < 0 || now - session->since_ms > most ? NEVER : STILL_WAITING;
}

/* Waits for a step, at most wait_ms, letting the window do what the system wants of it. */
static bool wait_for_step(struct display *session, const struct script_step *step, struct event *out,
                          int wait_ms)
{
    const char *why = "";
    double      until = clock_ms() + wait_ms;
    for (;;) {
        enum waited waited = is_waited(session, step, &why);
        if (waited == NEVER)
            return end_with(session, step, why, out);
        if (waited == WAITED) { /* and the window paints what is there now */
            session->next++;
            session->since_ms = 0;
            session->due_ms = 0;
            session->paused = true;
            *out = (struct event){.kind = EVENT_WAKE, .at_ms = clock_ms()};
            return true;
        }
        if (next_of_system(session, out, wait_ms ? GLANCE_MS : 0))
            return true;
        if (wait_ms >= 0 && clock_ms() >= until)
            return false;
    }
}

/* With a pace events come when they are due, whether the window has shown the last
 * one or not. How long one waited is counted from when it was due. */
static bool wait_for_pace(struct display *session, const struct script_step *step, struct event *out,
                          int wait_ms)
{
    double left;
    session->due_ms = session->due_ms > 0 ? session->due_ms : clock_ms();
    left = session->due_ms - clock_ms();
    if (next_of_system(session, out, left <= 0 || !wait_ms ? 0 : (int)fmin(wait_ms, left) + 1))
        return true;
    if (clock_ms() < session->due_ms)
        return false;
    session->next++;
    script_event(out, &session->script, step);
    out->at_ms = session->due_ms;
    session->due_ms += session->options.pace_ms;
    return true;
}

static bool next_step(struct display *session, struct event *out, int wait_ms)
{
    while (session->next < session->script.count) {
        const struct script_step *step = &session->script.steps[session->next];
        if (step->kind == STEP_WAIT || step->kind == STEP_WAIT_FOR)
            return wait_for_step(session, step, out, wait_ms);
        if (step->kind == STEP_EVENT && session->options.pace_ms)
            return wait_for_pace(session, step, out, wait_ms);
        session->next++;
        if (step->kind == STEP_EVENT) {
            script_event(out, &session->script, step);
            session->paused = true;
            return true;
        }
        if (keep_shot(session, script_text(&session->script, step), &session->failure) != BSR_OK)
            session->next = session->script.count;
    }
    session->playing = session->record < 0 || session->failure.code != BSR_OK;
    return session->playing ? give_quit(out) : false;
}

/* ---- recording ---- */

/* A line that can't be written ends the recording, not the window. */
static void write_down(struct display *session, const struct event *event)
{
    struct bytes line = {0};
    script_write(&line, event);
    if (line.size && write(session->record, line.data, line.size) != (ssize_t)line.size) {
        bsr_fail(&session->failure, BSR_EIO, session->options.record, "can't be written: %s",
                 strerror(errno));
        close(session->record);
        session->record = -1;
    }
    bytes_free(&line);
}

static bool find_event(struct display *session, struct event *out, int wait_ms)
{
    if (session->playing) {
        if (session->paused && next_of_system(session, out, 0))
            return true;
        if (session->paused && !wait_ms)
            return false;
        session->paused = false; /* who waits has nothing to paint */
        return next_step(session, out, wait_ms);
    }
    bool found = session->module->next_event(session->real, out, wait_ms);
    if (found && session->record >= 0)
        write_down(session, out);
    return found;
}

static bool next_event(struct display *session, struct event *out, int wait_ms)
{
    bool found = find_event(session, out, wait_ms);
    if (found && out->kind != EVENT_WAKE && out->kind != EVENT_RESIZE)
        frame_times_input(session->times, out->at_ms);
    return found;
}

/* ---- the rest is the real display's ---- */

static void size(const struct display *session, int *width, int *height, float *scale)
{
    session->module->size(session->real, width, height, scale);
}

static void wake(struct display *session)
{
    session->module->wake(session->real);
}

static texture_id texture_make(struct display *session, const struct bsr_image *image)
{
    return session->module->texture_make(session->real, image);
}

static bool texture_update(struct display *session, texture_id texture, const struct bsr_image *image)
{
    return session->module->texture_update(session->real, texture, image);
}

static void texture_free(struct display *session, texture_id texture)
{
    session->module->texture_free(session->real, texture);
}

static int texture_most(const struct display *session)
{
    return session->module->texture_most(session->real);
}

static void show(struct display *session, const struct paint_list *list, struct colour background)
{
    const double began = clock_ms();
    session->module->show(session->real, list, background);
    frame_times_frame(session->times, began, clock_ms());
    session->paused = false;
}

static bsr_status shot(struct display *session, struct bsr_image *out, struct bsr_error *err)
{
    return session->module->shot(session->real, out, err);
}

static void set_clipboard(struct display *session, const char *text)
{
    session->module->set_clipboard(session->real, text);
}

static char *clipboard(struct display *session)
{
    return session->module->clipboard(session->real);
}

static void set_title(struct display *session, const char *title)
{
    session->module->set_title(session->real, title);
}

static void set_pointer(struct display *session, int shape)
{
    session->module->set_pointer(session->real, shape);
}

static void set_full_screen(struct display *session, bool full)
{
    session->module->set_full_screen(session->real, full);
}

const struct display_module session_module = {
    .version = DISPLAY_MODULE_VERSION,
    .close = close_session, /* there is no open(): session_open() */
    .size = size,
    .next_event = next_event,
    .wake = wake,
    .texture_make = texture_make,
    .texture_update = texture_update,
    .texture_free = texture_free,
    .texture_most = texture_most,
    .show = show,
    .shot = shot,
    .set_clipboard = set_clipboard,
    .clipboard = clipboard,
    .set_title = set_title,
    .set_pointer = set_pointer,
    .set_full_screen = set_full_screen,
};
