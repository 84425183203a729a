#include "app/window/module/sdl_display.h"

#include "base/clock.h"

#include <ctype.h>
#include <string.h>

/* ---- what an event of SDL is ---- */

static int modifiers_of(SDL_Keymod held)
{
    return (held & KMOD_SHIFT ? MODIFIER_SHIFT : 0) | (held & KMOD_CTRL ? MODIFIER_CTRL : 0) |
           (held & KMOD_ALT ? MODIFIER_ALT : 0);
}

/* What is held at an event, as the events before it say: SDL's own state is that of the last one in its
 * queue. */
static void follow_modifiers(struct display *display, const SDL_Event *event)
{
    if (event->type == SDL_KEYDOWN || event->type == SDL_KEYUP)
        display->modifiers = modifiers_of((SDL_Keymod)event->key.keysym.mod);
    else if (event->type == SDL_WINDOWEVENT && event->window.event == SDL_WINDOWEVENT_FOCUS_GAINED)
        display->modifiers = modifiers_of(SDL_GetModState());
    else if (event->type == SDL_WINDOWEVENT && event->window.event == SDL_WINDOWEVENT_FOCUS_LOST)
        display->modifiers = 0;
}

/* The window's points to pixels: they differ on displays of high density. */
static void set_place(struct display *display, struct event *out, int x, int y)
{
    int width, height, pixels_across, pixels_down;
    SDL_GetWindowSize(display->window, &width, &height);
    SDL_GetRendererOutputSize(display->renderer, &pixels_across, &pixels_down);
    out->x = width > 0 ? (float)x * (float)pixels_across / (float)width : (float)x;
    out->y = height > 0 ? (float)y * (float)pixels_down / (float)height : (float)y;
    display->pointer_x = x;
    display->pointer_y = y;
}

/* False for what does not fit: half a path is another path. */
static bool set_text(struct event *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (!length || length >= sizeof out->text)
        return false;
    memcpy(out->text, text, length + 1);
    return true;
}

static bool set_key(struct event *out, SDL_Keycode code)
{
    static const char pad[] = "keypad ";
    if (!set_text(out, SDL_GetKeyName(code)))
        return false;
    for (char *at = out->text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    if (strncmp(out->text, pad, sizeof pad - 1) == 0)
        memmove(out->text, out->text + sizeof pad - 1, strlen(out->text) - (sizeof pad - 1) + 1);
    if (strcmp(out->text, "enter") == 0)
        memcpy(out->text, "return", sizeof "return");
    return true;
}

static bool translate_button(struct display *display, struct event *out, const SDL_MouseButtonEvent *button)
{
    if (button->which == SDL_TOUCH_MOUSEID && button->button != SDL_BUTTON_LEFT)
        return false;
    out->kind = button->type == SDL_MOUSEBUTTONDOWN ? EVENT_PRESS : EVENT_RELEASE;
    out->button = button->button == SDL_BUTTON_LEFT     ? 1
                  : button->button == SDL_BUTTON_MIDDLE ? 2
                  : button->button == SDL_BUTTON_RIGHT  ? 3
                                                        : button->button;
    out->clicks = button->clicks ? button->clicks : 1;
    set_place(display, out, button->x, button->y);
    return true;
}

static bool translate_wheel(struct display *display, struct event *out, const SDL_MouseWheelEvent *wheel)
{
    float sign = wheel->direction == SDL_MOUSEWHEEL_FLIPPED ? -1.0F : 1.0F;
    out->kind = EVENT_WHEEL;
    out->dx = wheel->preciseX * sign;
    out->dy = wheel->preciseY * sign;
    set_place(display, out, display->pointer_x, display->pointer_y);
    return true;
}

static bool translate_window(struct display *display, struct event *out, const SDL_WindowEvent *window)
{
    switch (window->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        out->kind = EVENT_RESIZE;
        return true;
    case SDL_WINDOWEVENT_EXPOSED:
        display->exposed = true;
        return false;
    case SDL_WINDOWEVENT_LEAVE:
        out->kind = EVENT_LEAVE;
        return true;
    case SDL_WINDOWEVENT_CLOSE:
        out->kind = EVENT_QUIT;
        return true;
    default:
        return false;
    }
}

static bool translate_dropped(struct event *out, const SDL_DropEvent *drop)
{
    out->kind = EVENT_DROP;
    bool fits = set_text(out, drop->file);
    SDL_free(drop->file);
    return fits;
}

/* False for what is none of display.h's. */
static bool translate(struct display *display, struct event *out, const SDL_Event *event)
{
    follow_modifiers(display, event);
    *out = (struct event){.at_ms = clock_ms(), .modifiers = display->modifiers};
    if (event->type == display->wake_event) {
        atomic_store(&display->waking, false);
        out->kind = EVENT_WAKE;
        return true;
    }
    switch (event->type) {
    case SDL_QUIT:
        out->kind = EVENT_QUIT;
        return true;
    case SDL_WINDOWEVENT:
        return translate_window(display, out, &event->window);
    case SDL_MOUSEMOTION:
        out->kind = EVENT_POINTER;
        set_place(display, out, event->motion.x, event->motion.y);
        return true;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        return translate_button(display, out, &event->button);
    case SDL_MOUSEWHEEL:
        return translate_wheel(display, out, &event->wheel);
    case SDL_KEYDOWN:
        out->kind = EVENT_KEY;
        return set_key(out, event->key.keysym.sym);
    case SDL_TEXTINPUT:
        out->kind = EVENT_TEXT;
        return set_text(out, event->text.text);
    case SDL_DROPFILE:
    case SDL_DROPTEXT:
        return translate_dropped(out, &event->drop);
    default:
        return false;
    }
}

/* ---- waiting ---- */

/* SDL gives the window back its picture only where somebody draws it. */
static void repaint(struct display *display)
{
    if (!display->exposed)
        return;
    display->exposed = false;
    sdl_show_again(display);
}

bool sdl_next_event(struct display *display, struct event *out, int wait_ms)
{
    double until = wait_ms > 0 ? clock_ms() + wait_ms : 0;
    for (;;) {
        SDL_Event event;
        SDL_PumpEvents(); /* not SDL_PollEvent(), which overlooks what other threads put in meanwhile */
        while (SDL_PeepEvents(&event, 1, SDL_GETEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) > 0)
            if (translate(display, out, &event))
                return true;
        repaint(display);
        double left = wait_ms > 0 ? until - clock_ms() : 0;
        if (wait_ms >= 0 && left <= 0)
            return false;
        int found = wait_ms < 0 ? SDL_WaitEvent(&event) : SDL_WaitEventTimeout(&event, (int)left + 1);
        if (found && translate(display, out, &event))
            return true;
    }
}

void sdl_wake(struct display *display)
{
    SDL_Event event = {.type = display->wake_event};
    if (!atomic_exchange(&display->waking, true) && SDL_PushEvent(&event) != 1)
        atomic_store(&display->waking, false);
}
