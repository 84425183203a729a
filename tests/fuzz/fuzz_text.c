/* Fuzz target: class names and captions, from bytes to a drawn label. The first two bytes choose text size
 * and width of the picture. To be run with -detect_leaks=0: fontconfig keeps its pointers as offsets, which
 * LeakSanitizer can't follow while the typesetter is open. */
#include "base/alloc.h"
#include "media/draw.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct typesetter *typesetter; /* kept: fontconfig starts slowly */
    struct bsr_image          image;

    if (size < 2 || (!typesetter && typesetter_open(&typesetter, NULL) != BSR_OK))
        return 0;
    int   text_size = data[0] % 64 + 1, width = data[1] + 1;
    char *text = mem_alloc(size - 1);
    if (!text || image_alloc(&image, width, 64, 3, 8, NULL) != BSR_OK)
        abort();
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    memset(image.data, 0, image.stride * 64);

    struct label_plate plate;
    if (label_measure(typesetter, text, text_size, 4096, &plate, NULL) != BSR_OK || plate.width > 4096 ||
        plate.height > 4 * text_size + 16)
        abort();
    if (draw_label(typesetter, &image, 3, 40, text, text_size, draw_class_colour(data[0]), NULL) != BSR_OK)
        abort();
    image_free(&image);
    mem_free(text);
    return 0;
}
