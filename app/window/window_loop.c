#include "app/window/window_loop.h"

#include "app/interrupt.h"
#include "app/window/ground.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { MOST_A_FRAME = 64, LOOK_UP_MS = 250 };

struct loop {
    const struct window_client  *client;
    const struct display_module *module;
    struct display              *display;
    struct ground                ground;
    int                          shape;
    char                         title[256];
};

static void grant_wishes(struct loop *loop)
{
    const struct window_client *client = loop->client;
    const struct view_wishes   *wishes = client->wishes;

    if (wishes->copy[0])
        loop->module->set_clipboard(loop->display, wishes->copy);
    if (wishes->full_screen)
        loop->module->set_full_screen(loop->display, wishes->full);
    if (wishes->paste && client->paste) {
        char *text = loop->module->clipboard(loop->display);
        client->paste(client->context, text);
        mem_free(text);
    }
}

static void set_title(struct loop *loop, const char *path)
{
    char title[sizeof loop->title];
    snprintf(title, sizeof title, "%s%sbesra", file_name(path), *path ? " \xe2\x80\x93 " : "");
    if (strcmp(title, loop->title) == 0)
        return;
    snprintf(loop->title, sizeof loop->title, "%s", title);
    loop->module->set_title(loop->display, title);
}

static void pass(struct loop *loop, const struct event *event)
{
    int   width, height;
    float scale;
    loop->module->size(loop->display, &width, &height, &scale);
    loop->client->pass(loop->client->context, event, width, height, scale, clock_ms());
    grant_wishes(loop);
}

/* The next event; of a row of movements the last. */
static bool take_event(struct loop *loop, struct event *event, struct event *next, bool *has_next,
                       int wait_ms)
{
    if (*has_next)
        *event = *next;
    else if (!loop->module->next_event(loop->display, event, wait_ms))
        return false;
    *has_next = false;
    while (event->kind == EVENT_POINTER || event->kind == EVENT_WAKE) {
        *has_next = loop->module->next_event(loop->display, next, 0);
        if (!*has_next || next->kind != event->kind)
            break;
        next->at_ms = event->at_ms; /* the first of them waits longest */
        *event = *next;
        *has_next = false;
    }
    return true;
}

static void show(struct loop *loop, double event_ms, double build_ms)
{
    const struct window_client *client = loop->client;

    loop->module->show(loop->display, client->list, client->ui->theme->stage);
    if (client->note_frame)
        client->note_frame(client->context, build_ms, event_ms > 0 ? clock_ms() - event_ms : -1);
    if (client->ui->shape != loop->shape)
        loop->module->set_pointer(loop->display, loop->shape = client->ui->shape);
}

/* How long nothing needs to be done; a signal is looked for now and then. */
static int wait_of(const struct ui *ui)
{
    const double again = ui->again_ms;
    return again < 0 || again > LOOK_UP_MS ? LOOK_UP_MS : (int)ceil(again);
}

static void run(struct loop *loop)
{
    struct event event = {.kind = EVENT_NONE}, next;
    bool         has_next = false, quit = false;
    double       due = -1;

    pass(loop, &event);
    show(loop, 0, 0);
    while (!quit && !interrupt_signal) {
        double start = 0, first = 0;
        due = loop->client->ui->again_ms < 0 ? -1 : clock_ms() + loop->client->ui->again_ms;
        if (!take_event(loop, &event, &next, &has_next, wait_of(loop->client->ui))) {
            if (due < 0 || clock_ms() < due - 1)
                continue; /* nothing happened */
            event = (struct event){.kind = EVENT_NONE};
        }
        start = clock_ms();
        for (int left = MOST_A_FRAME;;) {
            if (first <= 0 && event.kind != EVENT_NONE && event.kind != EVENT_WAKE)
                first = event.at_ms; /* it waits longest */
            pass(loop, &event);
            quit = quit || loop->client->wishes->quit;
            if (quit || --left == 0 || !take_event(loop, &event, &next, &has_next, 0))
                break;
        }
        if (loop->client->ui->again_ms == 0) { /* something changed behind what it is shown in */
            event = (struct event){.kind = EVENT_NONE};
            pass(loop, &event);
        }
        set_title(loop, loop->client->title);
        show(loop, first, clock_ms() - start);
    }
}

bsr_status window_loop(const struct window_client *client, const struct display_module *module,
                       struct display *display, struct bsr_error *err)
{
    struct loop loop = {.client = client, .module = module, .display = display, .shape = -1};
    bsr_status  status = ground_open(&loop.ground, module, display, err);

    if (status == BSR_OK) {
        ground_carry(&loop.ground, client->ui, client->pictures);
        run(&loop);
    }
    ground_close(&loop.ground);
    return status;
}
