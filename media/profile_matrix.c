#include "media/profile_matrix.h"

#include <math.h>
#include <pthread.h>

/* sRGB's encoding of light, at 65,536 places: the slope is 12.92 at most, so that the nearest place is at
 * most 6.5 steps of 16 bits from the truth, a fortieth of a step of 8. */
enum { PLACES = 65536 };
static uint16_t       encoded[PLACES];
static pthread_once_t encoded_once = PTHREAD_ONCE_INIT;

/* IEC 61966-2-1 */
static void fill_encoded(void)
{
    for (int i = 0; i < PLACES; i++) {
        double light = i / (PLACES - 1.0);
        double value = light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
        encoded[i] = (uint16_t)lround(value * 65535);
    }
}

static inline unsigned encode(float light)
{
    float place = light * (PLACES - 1) + 0.5f;
    place = place > 0 ? place : 0; /* also not-a-number */
    return encoded[place < PLACES - 1 ? (int)place : PLACES - 1];
}

/* round(v / 257): 16 bits to 8 */
static inline uint8_t to_8(unsigned v)
{
    return (uint8_t)((v * 255 + 32895) >> 16);
}

static inline unsigned mixed(const float weights[3], float r, float g, float b)
{
    return encode(weights[0] * r + weights[1] * g + weights[2] * b);
}

static void apply_8(const struct profile_matrix *matrix, uint8_t *row, int width, int channels)
{
    for (int x = 0; x < width; x++, row += channels) {
        float b = matrix->light[2][row[0]], g = matrix->light[1][row[1]], r = matrix->light[0][row[2]];
        for (int c = 0; c < 3; c++)
            row[2 - c] = to_8(mixed(matrix->to_srgb[c], r, g, b));
    }
}

static void apply_16(const struct profile_matrix *matrix, uint16_t *row, int width, int channels)
{
    for (int x = 0; x < width; x++, row += channels) {
        float b = matrix->light[2][row[0]], g = matrix->light[1][row[1]], r = matrix->light[0][row[2]];
        for (int c = 0; c < 3; c++)
            row[2 - c] = (uint16_t)mixed(matrix->to_srgb[c], r, g, b);
    }
}

static void apply_grey(const struct profile_matrix *matrix, const struct bsr_image *image, int y)
{
    uint8_t  *row = image_row(image, y);
    uint16_t *row16 = (uint16_t *)(void *)row;
    size_t    channels = (size_t)image->channels;
    for (size_t i = 0; i < (size_t)image->width * channels; i += channels) {
        if (image->depth == 8)
            row[i] = to_8(encode(matrix->light[0][row[i]]));
        else
            row16[i] = (uint16_t)encode(matrix->light[0][row16[i]]);
    }
}

void profile_matrix_apply(const struct profile_matrix *matrix, const struct bsr_image *image)
{
    pthread_once(&encoded_once, fill_encoded);
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image_row(image, y);
        if (image->channels <= 2)
            apply_grey(matrix, image, y);
        else if (image->depth == 8)
            apply_8(matrix, row, image->width, image->channels);
        else
            apply_16(matrix, (uint16_t *)(void *)row, image->width, image->channels);
    }
}

void profile_matrix_from_primaries(struct profile_matrix *matrix, double primaries[3][3])
{
    /* XYZ of D50 to linear sRGB: the inverse of the primaries of IEC 61966-2-1 adapted by Bradford's method,
     * as ICC's own sRGB profiles have them (0.43607 0.22249 0.01392, 0.38515 0.71687 0.09708, 0.14307 0.06061
     * 0.71410). */
    static const double from_xyz[3][3] = {{3.1340957, -1.6174004, -0.4906378},
                                          {-0.9787927, 1.9162949, 0.0334536},
                                          {0.0719711, -0.2289871, 1.4053802}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++)
                sum += from_xyz[i][k] * primaries[k][j];
            matrix->to_srgb[i][j] = (float)sum;
        }
}
