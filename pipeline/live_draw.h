/* pipeline/live_draw.h: what was found, followed and counted, drawn on a frame. */
#pragma once

#include "media/draw.h"
#include "pipeline/live_result.h"

/* A typesetter with its scratch, for one thread. Begin with {0}; release with live_pen_close(). */
struct live_pen {
    struct typesetter *typesetter;
    bool               wordless; /* there is no font */
    struct annotation *items;
    size_t             capacity;
    size_t            *starts; /* of their texts */
    struct bytes       texts;
};
void live_pen_close(struct live_pen *pen);

struct live_drawing {
    const struct live_result *result; /* NULL: nothing but the overlay */
    const char *const        *class_names;
    bool                      tracked;
    const struct live_stats  *overlay; /* in the corner; NULL: not */
};

/* On an 8-bit BGR picture. Without a font: no text. BSR_ENOMEM. */
bsr_status live_pen_draw(struct live_pen *pen, const struct bsr_image *image,
                         const struct live_drawing *drawing, struct bsr_error *err);
