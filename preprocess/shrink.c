#include "preprocess/shrink.h"

#include "base/alloc.h"

#include <string.h>

/* Adds a row of pixels to sums[width][channels], `times` of them to each. */
static void add_row(uint32_t *sums, const uint8_t *row, int width, int channels, int times)
{
    for (int x = 0; x < width; x++)
        for (int t = 0; t < times; t++)
            for (int c = 0; c < channels; c++)
                sums[x * channels + c] += *row++;
}

bsr_status shrink(struct bsr_image *out, const struct bsr_image *image, int times, struct bsr_error *err)
{
    struct bsr_image small = {0};
    int              channels = image->channels;

    if (times < 1 || times > 4096 || image->width < times || image->height < times || image->depth != 8)
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %dx%d pixels can't be shrunk %d times",
                        image->width, image->height, times);
    bsr_status status = image_alloc(&small, image->width / times, image->height / times, channels, 8, err);
    if (status != BSR_OK)
        return status;
    size_t    numbers = (size_t)small.width * (size_t)channels;
    uint32_t  area = (uint32_t)times * (uint32_t)times;
    uint32_t *sums = mem_alloc_zeroed(numbers, sizeof *sums);
    if (!sums) {
        image_free(&small);
        return bsr_fail_memory(err, NULL, numbers * sizeof *sums);
    }
    for (int y = 0; y < small.height; y++) {
        uint8_t *to = (uint8_t *)small.data + (size_t)y * small.stride;
        memset(sums, 0, numbers * sizeof *sums);
        for (int t = 0; t < times; t++)
            add_row(sums, (const uint8_t *)image->data + (size_t)(y * times + t) * image->stride, small.width,
                    channels, times);
        for (size_t i = 0; i < numbers; i++)
            to[i] = (uint8_t)((sums[i] + area / 2) / area);
    }
    mem_free(sums);
    *out = small;
    return BSR_OK;
}
