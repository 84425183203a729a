/* media/module/pictures.h: what besra and its module for rare picture formats say to each other. Plain C on
 * both sides; the module links nothing of besra's. */
#pragma once

#include "besra.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both sides must have been built for the same. */
enum { PICTURES_MODULE_VERSION = 1 };

struct pictures_host {
    void    *context;
    uint64_t max_pixels;
    /* Gives the picture that the pixels are copied to. A failure is the module's too, passed on as it is. */
    bsr_status (*make_image)(void *context, struct bsr_image *out, int width, int height, int channels,
                             int depth);
    /* Says why decode() fails; `why` is copied. */
    void (*explain)(void *context, const char *why);
};

struct pictures_module {
    int version;
    /* Decodes to grey, BGR or BGRA of 8 or 16 bits, not turned by EXIF; light without bounds (HDR, EXR) is
     * cut at 1 and encoded as sRGB of 16 bits. BSR_EDECODE, BSR_EFORMAT, BSR_ELIMIT, BSR_ENOMEM; no exception
     * leaves it. */
    bsr_status (*decode)(const uint8_t *data, size_t size, const struct pictures_host *host);
};

#define PICTURES_MODULE_SYMBOL "besra_pictures_module"

#ifdef __cplusplus
}
#endif
