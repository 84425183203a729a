#include "preprocess/planes.h"

#include "preprocess/planes_kernels.h"

struct image_loop {
    void (*run_row)(const struct planes_row *row);
    const struct bsr_image *image;
    float                  *planes;
};

static void run_rows(void *context, int worker, int first, int last)
{
    const struct image_loop *loop = context;
    const struct bsr_image  *image = loop->image;
    size_t                   plane_size = (size_t)image->width * (size_t)image->height;
    struct planes_row row = {.width = image->width, .channels = image->channels, .depth = image->depth};

    (void)worker;
    for (int y = first; y < last; y++) {
        row.pixels = image_row(image, y);
        for (size_t c = 0; c < (size_t)image->channels; c++)
            row.plane[c] = loop->planes + c * plane_size + (size_t)y * (size_t)image->width;
        loop->run_row(&row);
    }
}

void planes_from_image_by(const struct planes_kernels *kernels, float *dst, const struct bsr_image *src,
                          struct pool *pool)
{
    struct image_loop loop = {kernels->split_row, src, dst};
    pool_run(pool, src->height, run_rows, &loop);
}

void planes_to_image_by(const struct planes_kernels *kernels, const struct bsr_image *dst, const float *src,
                        struct pool *pool)
{
    struct image_loop loop = {kernels->join_row, dst, (float *)src}; /* join_row only reads it */
    pool_run(pool, dst->height, run_rows, &loop);
}

void planes_from_image(float *dst, const struct bsr_image *src, struct pool *pool)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, cpu_level());
    planes_from_image_by(&kernels, dst, src, pool);
}

void planes_to_image(const struct bsr_image *dst, const float *src, struct pool *pool)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, cpu_level());
    planes_to_image_by(&kernels, dst, src, pool);
}

enum { CHUNK = 4096 }; /* values a turn: three planes in, three out stay in a core's cache */

struct colour_loop {
    void (*convert)(float *const dst[3], const float *const src[3], size_t count);
    float       *dst[3];
    const float *src[3];
    size_t       count;
};

static void run_chunks(void *context, int worker, int first, int last)
{
    const struct colour_loop *loop = context;
    size_t                    from = (size_t)first * CHUNK;
    size_t                    to = (size_t)last * CHUNK < loop->count ? (size_t)last * CHUNK : loop->count;
    float *const              dst[3] = {loop->dst[0] + from, loop->dst[1] + from, loop->dst[2] + from};
    const float *const        src[3] = {loop->src[0] + from, loop->src[1] + from, loop->src[2] + from};

    (void)worker;
    loop->convert(dst, src, to - from);
}

void planes_bgr_to_ycc(float *y, float *cb, float *cr, const float *b, const float *g, const float *r,
                       size_t count, struct pool *pool)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, cpu_level());

    struct colour_loop loop = {kernels.to_ycc, {y, cb, cr}, {b, g, r}, count};
    pool_run(pool, (int)((count + CHUNK - 1) / CHUNK), run_chunks, &loop);
}

void planes_ycc_to_bgr(float *b, float *g, float *r, const float *y, const float *cb, const float *cr,
                       size_t count, struct pool *pool)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, cpu_level());

    struct colour_loop loop = {kernels.to_bgr, {b, g, r}, {y, cb, cr}, count};
    pool_run(pool, (int)((count + CHUNK - 1) / CHUNK), run_chunks, &loop);
}
