/* app/window/module/sdl_display.h: what the files of besra-window.so share: one SDL window with its renderer,
 * textures and events. */
#pragma once

#include "app/window/display.h"

#include <SDL.h>
#include <stdatomic.h>

enum { MASK_SLOTS = 512, POINTER_SHAPES = POINTER_TEXT + 1 };

/* How a picture was painted last, and a copy of it so scaled. */
struct scaled {
    SDL_Texture *texture; /* the copy's, or NULL; its first width x height pixels are it */
    int          room_across, room_down;
    bool         filled; /* it is what the following says */
    SDL_Rect     from;
    int          width, height;
    bool         smooth;
    uint64_t     used; /* the frame that it was in last */
};

/* What an id stands for: slot id % 2^20 - 1, whose `generation` are the other bits. */
struct texture_slot {
    SDL_Texture *texture; /* NULL: free */
    int          width, height, channels;
    uint32_t     generation;
    uint32_t     next_free;

    struct scaled scaled; /* with the software renderer */
};

/* A shape's coverage, drawn once. */
struct mask {
    uint64_t     key; /* 0: free */
    SDL_Texture *texture;
    uint64_t     used; /* the frame that it was in last */
};

struct display {
    SDL_Window   *window;
    SDL_Renderer *renderer;
    bool          software, hidden;
    float         forced_scale; /* of BESRA_UI_SCALE; 0: none */
    uint32_t      wake_event;
    atomic_bool   waking; /* an EVENT_WAKE is under way */
    bool          exposed;
    int           modifiers, pointer_x, pointer_y; /* as the events so far say; points */
    SDL_Cursor   *pointers[POINTER_SHAPES];

    struct texture_slot *textures;
    uint32_t             texture_count, texture_capacity, first_free;

    struct mask masks[MASK_SLOTS];
    uint64_t    frame;

    struct paint_list last; /* what was shown, for shots and for a window that comes back */
    struct colour     last_background;
};

/* sdl_texture.c */
texture_id sdl_texture_make(struct display *display, const struct bsr_image *image);
bool       sdl_texture_update(struct display *display, texture_id id, const struct bsr_image *image);
void       sdl_texture_free(struct display *display, texture_id id);
int        sdl_texture_most(const struct display *display);
struct texture_slot *sdl_texture_find(const struct display *display, texture_id id); /* or NULL */
void                 sdl_textures_end(struct display *display);

/* sdl_scaled.c: a texture whose first width x height pixels are `from` of the picture, so scaled: of one that
 * was painted so before, or of which a clip cuts a part. NULL: there is none, and the renderer may scale it.
 */
SDL_Texture *sdl_scaled(struct display *display, struct texture_slot *slot, const SDL_Rect *from, int width,
                        int height, bool smooth, bool cut);
void         sdl_scaled_drop(struct scaled *scaled);
void         sdl_scaled_forget_unseen(struct display *display); /* behind each frame */

/* sdl_mask.c: coverage as a texture, white with that alpha, of a shape that `key` tells from all others; made
 * by `draw` where it isn't known. NULL: it can't be had. */
struct coverage;
SDL_Texture *sdl_mask(struct display *display, uint64_t key, int width, int height,
                      void (*draw)(const struct coverage *out, const void *shape), const void *shape);
void         sdl_masks_end(struct display *display);

/* sdl_shape.c: a shape in pixels of the window, within the renderer's clip. */
void sdl_draw_rectangle(struct display *display, struct rect rect, struct colour colour, float radius,
                        float line);
void sdl_draw_line(struct display *display, const struct paint *paint);
void sdl_draw_polygon(struct display *display, const struct paint_point *points, int count,
                      struct colour colour);

/* sdl_paint.c */
void       sdl_show(struct display *display, const struct paint_list *list, struct colour background);
void       sdl_show_again(struct display *display);
bsr_status sdl_shot(struct display *display, struct bsr_image *out, struct bsr_error *err);

/* sdl_event.c */
bool sdl_next_event(struct display *display, struct event *out, int wait_ms);
void sdl_wake(struct display *display);
