#include "app/window/module/sdl_display.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char no_display[] = "no display: neither X11 nor Wayland answers";

/* ---- opening ---- */

/* $SDL_VIDEODRIVER and its like go before what is set here. */
static void set_hints(void)
{
    /* Wayland's library complains on standard error where there is no folder for its sockets. */
    SDL_SetHint(SDL_HINT_VIDEODRIVER, getenv("XDG_RUNTIME_DIR") ? "x11,wayland" : "x11");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* besra's own */
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0"); /* a window as others, not a game */
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_APP_NAME, "besra");
    SDL_SetMainReady();
}

/* SDL's stand-ins for a screen are for tests: nobody sees them. */
static bool is_screen(bool hidden)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return driver && (hidden || (strcmp(driver, "dummy") != 0 && strcmp(driver, "offscreen") != 0));
}

static bsr_status start_video(bool hidden, struct bsr_error *err)
{
    set_hints();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) == 0) {
        if (is_screen(hidden))
            return BSR_OK;
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
    }
    bsr_fail(err, BSR_EMISSING, NULL, "%s", no_display);
    bsr_hint(err, "`besra live --headless` and `besra detect` do without one");
    return BSR_EMISSING;
}

/* A size that leaves some of the screen free, where none is asked for. */
static void choose_size(const struct display_options *options, int *width, int *height)
{
    SDL_Rect screen;
    *width = options->width;
    *height = options->height;
    if (*width > 0 && *height > 0)
        return;
    if (SDL_GetDisplayUsableBounds(0, &screen) != 0)
        screen = (SDL_Rect){0, 0, 1280, 800};
    *width = screen.w * 4 / 5 < 1600 ? screen.w * 4 / 5 : 1600;
    *height = screen.h * 4 / 5 < 1000 ? screen.h * 4 / 5 : 1000;
}

static bsr_status make_window(struct display *display, const struct display_options *options,
                              struct bsr_error *err)
{
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    int    width, height;
    choose_size(options, &width, &height);
    display->window = SDL_CreateWindow(options->title ? options->title : "besra", SDL_WINDOWPOS_CENTERED,
                                       SDL_WINDOWPOS_CENTERED, width, height,
                                       flags | (options->hidden ? SDL_WINDOW_HIDDEN : SDL_WINDOW_SHOWN));
    if (!display->window)
        return bsr_fail(err, BSR_EMISSING, NULL, "no window can be opened: %s", SDL_GetError());
    SDL_SetWindowMinimumSize(display->window, 320, 240);

    Uint32 vsync = options->hidden ? 0 : SDL_RENDERER_PRESENTVSYNC;
    display->renderer = SDL_CreateRenderer(display->window, -1, vsync);
    if (!display->renderer)
        display->renderer = SDL_CreateRenderer(display->window, -1, SDL_RENDERER_SOFTWARE);
    SDL_RendererInfo info = {0};
    if (!display->renderer || SDL_GetRendererInfo(display->renderer, &info) != 0)
        return bsr_fail(err, BSR_EMISSING, NULL, "nothing can be drawn in a window: %s", SDL_GetError());
    display->software = (info.flags & SDL_RENDERER_SOFTWARE) != 0;
    if (display->software)
        SDL_RenderSetVSync(display->renderer, 0); /* it would sleep for a beam that isn't there */
    return BSR_OK;
}

/* Pixels of a point that the person chose; 0: none. */
static float read_scale(void)
{
    const char *text = secure_getenv("BESRA_UI_SCALE");
    float       scale = text ? strtof(text, NULL) : 0;
    return scale >= 0.5F && scale <= 4 ? scale : 0;
}

static void close_display(struct display *display)
{
    if (!display)
        return;
    sdl_masks_end(display);
    sdl_textures_end(display);
    for (int i = 0; i < POINTER_SHAPES; i++)
        if (display->pointers[i])
            SDL_FreeCursor(display->pointers[i]);
    if (display->renderer)
        SDL_DestroyRenderer(display->renderer);
    if (display->window)
        SDL_DestroyWindow(display->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    paint_free(&display->last);
    mem_free(display);
}

static bsr_status open_display(struct display **out, const struct display_options *options,
                               struct bsr_error *err)
{
    bsr_status status = start_video(options->hidden, err);
    if (status != BSR_OK)
        return status;
    struct display *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return bsr_fail_memory(err, "window", sizeof *made);
    }
    made->hidden = options->hidden;
    made->forced_scale = read_scale();
    made->wake_event = SDL_RegisterEvents(1);
    status = make_window(made, options, err);
    if (status != BSR_OK) {
        close_display(made);
        return status;
    }
    SDL_StartTextInput();
    SDL_EventState(SDL_DROPFILE, SDL_ENABLE);
    SDL_EventState(SDL_DROPTEXT, SDL_ENABLE);
    *out = made;
    return BSR_OK;
}

/* ---- the window ---- */

/* A screen of the usual 96 points an inch has one pixel a point. Where the system scales (Wayland), it says
 * so by the window's size; on X11 the screen's size in millimetres tells a dense one, in half steps. */
static float find_scale(const struct display *display, int width)
{
    int   points = 0;
    float dpi = 0;
    if (display->forced_scale > 0)
        return display->forced_scale;
    SDL_GetWindowSize(display->window, &points, NULL);
    if (points > 0 && width > points)
        return (float)width / (float)points;
    int screen = SDL_GetWindowDisplayIndex(display->window);
    if (screen < 0 || SDL_GetDisplayDPI(screen, NULL, &dpi, NULL) != 0 || !(dpi > 160 && dpi < 600))
        return 1;
    return floorf(dpi / 96 * 2) / 2;
}

static void size(const struct display *display, int *width, int *height, float *scale)
{
    int across = 0, down = 0;
    SDL_GetRendererOutputSize(display->renderer, &across, &down);
    *width = across;
    *height = down;
    *scale = find_scale(display, across);
}

static void set_clipboard(struct display *display, const char *text)
{
    (void)display;
    SDL_SetClipboardText(text);
}

static char *clipboard(struct display *display)
{
    (void)display;
    char *text = SDL_GetClipboardText();
    char *copy = text && text[0] ? mem_copy_text(text) : NULL;
    SDL_free(text);
    return copy;
}

static void set_title(struct display *display, const char *title)
{
    SDL_SetWindowTitle(display->window, title);
}

static void set_pointer(struct display *display, int shape)
{
    static const SDL_SystemCursor cursors[POINTER_SHAPES] = {
        [POINTER_ARROW] = SDL_SYSTEM_CURSOR_ARROW,  [POINTER_HAND] = SDL_SYSTEM_CURSOR_HAND,
        [POINTER_SPLIT] = SDL_SYSTEM_CURSOR_SIZEWE, [POINTER_MOVE] = SDL_SYSTEM_CURSOR_SIZEALL,
        [POINTER_TEXT] = SDL_SYSTEM_CURSOR_IBEAM,
    };
    if (shape < 0 || shape >= POINTER_SHAPES)
        return;
    if (!display->pointers[shape])
        display->pointers[shape] = SDL_CreateSystemCursor(cursors[shape]);
    if (display->pointers[shape] && SDL_GetCursor() != display->pointers[shape])
        SDL_SetCursor(display->pointers[shape]);
}

static void set_full_screen(struct display *display, bool full)
{
    SDL_SetWindowFullscreen(display->window, full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
}

__attribute__((visibility("default"))) extern const struct display_module besra_display_module;
const struct display_module                                               besra_display_module = {
                                                  .version = DISPLAY_MODULE_VERSION,
                                                  .open = open_display,
                                                  .close = close_display,
                                                  .size = size,
                                                  .next_event = sdl_next_event,
                                                  .wake = sdl_wake,
                                                  .texture_make = sdl_texture_make,
                                                  .texture_update = sdl_texture_update,
                                                  .texture_free = sdl_texture_free,
                                                  .texture_most = sdl_texture_most,
                                                  .show = sdl_show,
                                                  .shot = sdl_shot,
                                                  .set_clipboard = set_clipboard,
                                                  .clipboard = clipboard,
                                                  .set_title = set_title,
                                                  .set_pointer = set_pointer,
                                                  .set_full_screen = set_full_screen,
};
