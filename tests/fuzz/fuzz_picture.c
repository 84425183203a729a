/* Any bytes as a picture: sniffed, probed, decoded for nets (reduced or not) and for editing, and what was
 * decoded encoded again. Start it with tests/media/data as the corpus. */
#include "media/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct picture_limits limits = {.max_pixels = 1 << 20};
    struct bsr_error            err;
    struct picture_facts        facts;
    struct picture              picture;
    if (picture_sniff(data, size) == PICTURE_RARE && data[0] != 'G')
        return 0; /* OpenCV's own decoders are not ours to fuzz */
    picture_probe(&facts, data, size, &limits, "fuzz", &err);
    int times = size ? 1 << data[size - 1] % 4 : 1;
    if (picture_decode_reduced(&picture, data, size, times, PICTURE_FOR_NET, &limits, "fuzz", &err) == BSR_OK)
        picture_free(&picture);
    if (picture_decode(&picture, data, size, PICTURE_FOR_EDIT, &limits, "fuzz", &err) != BSR_OK)
        return 0;
    for (int format = PICTURE_JPEG; size && format <= PICTURE_PNM; format++) {
        struct bytes encoded = {0};
        picture_encode(&encoded, &picture, (enum picture_format)format, 1 + data[size - 1] % 100, &err);
        bytes_free(&encoded);
    }
    picture_free(&picture);
    return 0;
}
