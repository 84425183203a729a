#include "pipeline/difference_picture.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/image.h"
#include "media/picture.h"

#include <math.h>
#include <string.h>

/* How the maps of a tensor become pixels. */
struct layout {
    size_t maps, height, width;   /* of the tensor */
    size_t across, down;          /* maps side by side; 1 x 1 with several maps: upon each other */
    size_t map_height, map_width; /* in cells: a cell is shrink_y x shrink_x numbers */
    size_t shrink_y, shrink_x;
    size_t enlarge; /* a cell is `enlarge` x `enlarge` pixels */
    size_t gap;     /* pixels between maps */
};

/* ---- the layout -------------------------------------------------------------------------------------- */

static size_t divided_up(size_t a, size_t b)
{
    return b ? (a + b - 1) / b : 0;
}

static size_t root_up(size_t number)
{
    size_t root = (size_t)sqrt((double)number);
    while (root * root < number)
        root++;
    return root ? root : 1;
}

static void take_shape(struct layout *layout, const struct bsr_tensor *tensor)
{
    size_t count = tensor_count(tensor);

    if (tensor->dims < 2) {
        layout->width = root_up(count);
        layout->height = divided_up(count, layout->width);
        layout->maps = 1;
        return;
    }
    layout->height = (size_t)tensor->shape[tensor->dims - 2];
    layout->width = (size_t)tensor->shape[tensor->dims - 1];
    layout->maps = count / (layout->height * layout->width);
}

static bool fits(size_t count, size_t side)
{
    return count <= DIFFERENCE_MOST_PIXELS && side <= DIFFERENCE_MOST_PIXELS &&
           count * (side + 1) <= DIFFERENCE_MOST_PIXELS;
}

static struct layout plan_layout(const struct bsr_tensor *tensor)
{
    struct layout layout = {.shrink_y = 1, .shrink_x = 1, .enlarge = 1};

    take_shape(&layout, tensor);
    layout.across = root_up(layout.maps);
    layout.down = divided_up(layout.maps, layout.across);
    if (!fits(layout.across, layout.width) || !fits(layout.down, layout.height)) {
        layout.across = layout.down = 1;
        layout.shrink_y = divided_up(layout.height, DIFFERENCE_MOST_PIXELS);
        layout.shrink_x = divided_up(layout.width, DIFFERENCE_MOST_PIXELS);
    }
    layout.gap = layout.across > 1 ? 1 : 0;
    layout.map_height = divided_up(layout.height, layout.shrink_y);
    layout.map_width = divided_up(layout.width, layout.shrink_x);
    size_t across = layout.across * (layout.map_width + layout.gap);
    size_t down = layout.down * (layout.map_height + layout.gap);
    size_t longest = across > down ? across : down;
    if (longest > 0 && longest < DIFFERENCE_USUAL_PIXELS)
        layout.enlarge = DIFFERENCE_USUAL_PIXELS / longest;
    return layout;
}

/* ---- the errors -------------------------------------------------------------------------------------- */

/* Infinite where only one of the two is a number. */
static float gap_of(const struct bsr_tensor *a, const struct bsr_tensor *b, size_t index)
{
    double x = tensor_get(a, index), y = tensor_get(b, index), gap = fabs(x - y);

    if (isfinite(x) && isfinite(y))
        return gap < 3e38 ? (float)gap : 3e38F;
    return (isnan(x) && isnan(y)) || x == y ? 0 : INFINITY;
}

static size_t cells_of(const struct layout *layout)
{
    return mem_product(mem_product(layout->across, layout->down),
                       mem_product(layout->map_height, layout->map_width));
}

/* The largest error of each cell, [across * down][map_height][map_width]. */
static void collect(float *cells, const struct layout *layout, const struct bsr_tensor *a,
                    const struct bsr_tensor *b)
{
    size_t count = tensor_count(a), plane = layout->height * layout->width;
    bool   stacked = layout->across == 1 && layout->down == 1;

    for (size_t i = 0; i < count; i++) {
        size_t map = stacked ? 0 : i / plane, y = i % plane / layout->width, x = i % layout->width;
        float *cell = &cells[(map * layout->map_height + y / layout->shrink_y) * layout->map_width +
                             x / layout->shrink_x];
        *cell = fmaxf(*cell, gap_of(a, b, i));
    }
}

/* ---- the colours ------------------------------------------------------------------------------------- */

enum { BLUE, GREEN, RED, COLOURS };

/* matplotlib's "inferno" at 0, 1/8, ... 1, as BGR. */
static const uint8_t inferno[][COLOURS] = {
    {4, 0, 0},     {72, 12, 31},   {110, 16, 87},  {106, 34, 136},  {84, 55, 187},
    {51, 89, 227}, {10, 140, 249}, {50, 201, 249}, {164, 255, 252},
};
static const uint8_t only_one[COLOURS] = {255, 255, 0}; /* cyan is in no place of the map */

/* `share` of the largest error, 0..1. */
static void colour_of(uint8_t pixel[COLOURS], float share)
{
    enum { STEPS = sizeof inferno / sizeof *inferno - 1 };
    float at = share * STEPS;
    int   step = at < STEPS ? (int)at : STEPS - 1;

    for (int c = 0; c < COLOURS; c++) {
        float low = inferno[step][c], high = inferno[step + 1][c];
        pixel[c] = (uint8_t)lroundf(low + (high - low) * (at - (float)step));
    }
}

static void fill(struct bsr_image *image, size_t left, size_t top, size_t side, const uint8_t pixel[COLOURS])
{
    for (size_t y = top; y < top + side; y++)
        for (size_t x = left; x < left + side; x++)
            memcpy(image_row(image, (int)y) + x * COLOURS, pixel, COLOURS);
}

static void paint_map(struct bsr_image *image, const struct layout *layout, const float *cells, size_t left,
                      size_t top, float largest)
{
    uint8_t pixel[COLOURS];

    for (size_t y = 0; y < layout->map_height; y++)
        for (size_t x = 0; x < layout->map_width; x++) {
            float cell = cells[y * layout->map_width + x];
            if (isinf(cell))
                memcpy(pixel, only_one, sizeof pixel);
            else
                colour_of(pixel, largest > 0 ? cell / largest : 0);
            fill(image, left + x * layout->enlarge, top + y * layout->enlarge, layout->enlarge, pixel);
        }
}

static float largest_of(const float *cells, size_t count)
{
    float largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = isfinite(cells[i]) ? fmaxf(largest, cells[i]) : largest;
    return largest;
}

static void paint(struct bsr_image *image, const struct layout *layout, const float *cells)
{
    static const uint8_t grey[COLOURS] = {96, 96, 96}; /* between maps, and where there is none */
    size_t               maps = layout->across * layout->down < layout->maps ? 1 : layout->maps;
    float                largest = largest_of(cells, cells_of(layout));
    size_t               step_x = layout->map_width * layout->enlarge + layout->gap;
    size_t               step_y = layout->map_height * layout->enlarge + layout->gap;

    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            memcpy(image_row(image, y) + (size_t)x * COLOURS, grey, COLOURS);
    for (size_t i = 0; i < maps; i++)
        paint_map(image, layout, cells + i * layout->map_height * layout->map_width,
                  i % layout->across * step_x, i / layout->across * step_y, largest);
}

/* ---- the picture ------------------------------------------------------------------------------------- */

bsr_status difference_draw(struct bsr_image *out, const struct bsr_tensor *a, const struct bsr_tensor *b,
                           struct bsr_error *err)
{
    struct bsr_image image = {0};

    if (!tensor_same_shape(a, b) || tensor_count(a) == 0)
        return bsr_fail(err, BSR_EUSAGE, NULL, "there is no picture of the error: the shapes are %s and %s",
                        tensor_shape_text(a).text, tensor_shape_text(b).text);
    struct layout layout = plan_layout(a);
    float        *cells = mem_alloc_zeroed(cells_of(&layout), sizeof *cells);
    if (!cells)
        return bsr_fail_memory(err, NULL, cells_of(&layout) * sizeof *cells);
    size_t     width = layout.across * (layout.map_width * layout.enlarge + layout.gap) - layout.gap;
    size_t     height = layout.down * (layout.map_height * layout.enlarge + layout.gap) - layout.gap;
    bsr_status status = image_alloc(&image, (int)width, (int)height, COLOURS, 8, err);
    if (status == BSR_OK) {
        collect(cells, &layout, a, b);
        paint(&image, &layout, cells);
        *out = image;
    }
    mem_free(cells);
    return status;
}

bsr_status difference_write(const char *path, const struct bsr_tensor *a, const struct bsr_tensor *b,
                            bool overwrite, struct bsr_error *err)
{
    enum { ANY_QUALITY = 100 };
    struct picture picture = {.format = PICTURE_PNG};
    struct bytes   bytes = {0};
    bsr_status     status = difference_draw(&picture.image, a, b, err);

    if (status == BSR_OK)
        status = picture_encode(&bytes, &picture, PICTURE_PNG, ANY_QUALITY, err);
    if (status == BSR_OK)
        status = file_write(path, bytes.data, bytes.size, overwrite, false, err);
    bytes_free(&bytes);
    picture_free(&picture);
    return status;
}
