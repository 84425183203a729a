/* pipeline/lens.h: a part of a moving picture, enlarged beside everything else: of what is asked for only the
 * newest is done. */
#pragma once

#include "pipeline/upscale.h"

/* What a part has become. */
struct lens_picture {
    struct bsr_image image;               /* 8-bit BGR */
    int              x, y, width, height; /* the part, pixels of the picture that it was cut from */
    double           ms;                  /* that enlarging took */
};

struct lens;

/* Opens the model (a card's name, a card or an .onnx that enlarges) and starts a thread. wake(context) is
 * called by that thread when there is something to take; NULL: it isn't. Release with lens_close(). Errors of
 * model_open() and upscaler_open(); BSR_ENOMEM, BSR_EIO when the system gives no thread. */
bsr_status lens_open(struct lens **out, const char *model, const struct model_hints *hints,
                     void (*wake)(void *context), void *context, struct bsr_error *err);
void       lens_close(struct lens *lens);

/* The same, but the thread opens the model, too: its errors come with lens_take(), once, and such a lens
 * makes nothing. What is asked for meanwhile waits. What `hints` point to outlives the lens. */
bsr_status lens_open_later(struct lens **out, const char *model, const struct model_hints *hints,
                           void (*wake)(void *context), void *context, struct bsr_error *err);
bool       lens_is_opening(struct lens *lens);

/* Copies the part of `image` (8-bit BGR) that begins at (x, y), cut to the picture, to be enlarged by
 * `factor`, and doesn't wait. What was asked for before and isn't begun yet is forgotten. BSR_ERANGE (a
 * factor under 1, nothing of the part lies in the picture), BSR_ENOMEM. */
bsr_status lens_ask(struct lens *lens, const struct bsr_image *image, int x, int y, int width, int height,
                    double factor, struct bsr_error *err);

/* What was done since the last call, if anything: *out is then the caller's (image_free()). Where enlarging
 * failed *err says why, and the status is not BSR_OK; *there is false. */
bsr_status lens_take(struct lens *lens, struct lens_picture *out, bool *there, struct bsr_error *err);
