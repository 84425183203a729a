/* app/window/ground.h: what every window stands on: text, pictures and the clipboard of one display. */
#pragma once

#include "app/window/text.h"
#include "app/window/texture_cache.h"
#include "app/window/ui.h"

struct ground {
    const struct display_module *module;
    struct display              *display;
    struct window_text          *text;
    struct texture_cache        *pictures;
};

/* `module` and `display` outlive it. Release with ground_close(), whatever this returned. BSR_EMISSING (no
 * font), BSR_ENOMEM. */
bsr_status ground_open(struct ground *out, const struct display_module *module, struct display *display,
                       struct bsr_error *err);
void       ground_close(struct ground *ground);

/* Has `ui` and `pictures` paint on it, which it must outlive, and stay where it is. */
void ground_carry(struct ground *ground, struct ui *ui, struct ui_pictures *pictures);
