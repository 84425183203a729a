#include "app/window/halve.h"

static void halve_opaque(uint8_t *to, const uint8_t *above, const uint8_t *below, int pairs)
{
    for (int x = 0; x < pairs; x++, to += 3, above += 6, below += 6)
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)((above[c] + above[c + 3] + below[c] + below[c + 3] + 2) >> 2);
}

static void mean_of_four(uint8_t *to, const uint8_t *const pixels[4], int channels)
{
    unsigned alpha = 0;
    for (int i = 0; i < 4; i++)
        alpha += channels == 4 ? pixels[i][3] : 255U;
    for (int c = 0; c < 3; c++) {
        unsigned sum = 0;
        for (int i = 0; i < 4; i++)
            sum += pixels[i][c] * (channels == 4 ? pixels[i][3] : 255U);
        to[c] = (uint8_t)(alpha ? (sum + alpha / 2) / alpha : 0);
    }
    if (channels == 4)
        to[3] = (uint8_t)((alpha + 2) / 4);
}

void halve(const struct bsr_image *to, const struct bsr_image *from)
{
    int channels = from->channels, pairs = from->width / 2;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *above = image_row(from, 2 * y);
        const uint8_t *below = image_row(from, 2 * y + 1 < from->height ? 2 * y + 1 : 2 * y);
        uint8_t       *row = image_row(to, y);
        if (channels == 3)
            halve_opaque(row, above, below, pairs);
        for (int x = channels == 3 ? pairs : 0; x < to->width; x++) {
            size_t         left = (size_t)(2 * x) * (size_t)channels;
            size_t         right = 2 * x + 1 < from->width ? left + (size_t)channels : left;
            const uint8_t *pixels[4] = {above + left, above + right, below + left, below + right};
            mean_of_four(row + (size_t)x * (size_t)channels, pixels, channels);
        }
    }
}
