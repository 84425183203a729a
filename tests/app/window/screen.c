#include "tests/app/window/screen.h"

#include "base/clock.h"

#include "tests/app/window/harness.h"

#include <stdio.h>

void screen_open(struct screen *screen, const struct window_client *client, enum screen_time time, int width,
                 int height, float scale)
{
    struct bsr_error err;

    *screen = (struct screen){.client = *client,
                              .display = harness_open(width, height),
                              .time = time,
                              .width = width,
                              .height = height,
                              .scale = scale,
                              .now_ms = 1000};
    assert_int_equal(ground_open(&screen->ground, harness_module(), screen->display, &err), BSR_OK);
    ground_carry(&screen->ground, client->ui, client->pictures);
}

void screen_close(struct screen *screen)
{
    ground_close(&screen->ground);
    harness_module()->close(screen->display);
}

static void show(const struct screen *screen)
{
    harness_module()->show(screen->display, screen->client.list, screen->client.ui->theme->stage);
}

void screen_send(struct screen *screen, const struct event *event)
{
    screen->now_ms = screen->time == SCREEN_CLOCK ? clock_ms() : screen->now_ms + 10;
    screen->client.pass(screen->client.context, event, screen->width, screen->height, screen->scale,
                        screen->now_ms);
    if (screen->time == SCREEN_CLOCK)
        show(screen);
}

void screen_key(struct screen *screen, const char *name)
{
    struct event event = {.kind = EVENT_KEY};

    snprintf(event.text, sizeof event.text, "%s", name);
    screen_send(screen, &event);
    event.kind = EVENT_TEXT;
    if (!name[1])
        screen_send(screen, &event);
}

void screen_wait(struct screen *screen, double ms)
{
    screen->now_ms += ms;
    screen_rest(screen);
}

void screen_rest(struct screen *screen)
{
    screen_send(screen, &(struct event){.kind = EVENT_NONE});
    screen_send(screen, &(struct event){.kind = EVENT_NONE});
}

void screen_check(struct screen *screen, const char *name)
{
    screen_rest(screen);
    show(screen);
    harness_check(screen->display, name);
}
