#include "base/file.h"
#include "media/picture.h"
#include "pipeline/live_state.h"

#include <string.h>

enum { USUAL_QUALITY = 95 };

static bsr_status draw(struct live *live, const struct live_snapshot *shot, struct bsr_image *image,
                       struct bsr_error *err)
{
    struct live_pen pen = {0};
    bsr_status      status = live_pen_draw(
             &pen, image, &(struct live_drawing){.result = shot->held[1], .class_names = live->class_names}, err);
    live_pen_close(&pen);
    return status;
}

bsr_status live_save(struct live *live, const char *path, bool plain, struct bsr_error *err)
{
    const char          *dot = strrchr(file_name(path), '.');
    enum picture_format  format = dot ? picture_format_from_name(dot + 1) : PICTURE_UNKNOWN;
    struct live_snapshot shot = live_snapshot(live);
    struct picture       picture = {.format = format};
    struct bytes         encoded = {0};
    bsr_status           status = BSR_OK;

    if (!shot.frame)
        status = bsr_fail(err, BSR_EIO, path, "there is no frame yet to be saved");
    if (status == BSR_OK && !picture_format_extension(format)) {
        status = bsr_fail(err, BSR_EFORMAT, path, "not a name of a picture that besra writes");
        bsr_hint(err, "let it end in .jpg or .png");
    }
    if (status == BSR_OK)
        status = live_picture_copy(&picture.image, shot.frame, err);
    if (status == BSR_OK && !plain)
        status = draw(live, &shot, &picture.image, err);
    live_release(live, &shot);
    if (status == BSR_OK)
        status = picture_encode(&encoded, &picture, format, USUAL_QUALITY, err);
    if (status == BSR_OK)
        status = file_write(path, encoded.data, encoded.size, false, false, err);
    bytes_free(&encoded);
    picture_free(&picture);
    return status;
}
