#include "base/image.h"

#include "base/alloc.h"

bsr_status image_alloc(struct bsr_image *image, int width, int height, int channels, int depth,
                       struct bsr_error *err)
{
    if (width < 1 || height < 1 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %d x %d pixels (each side may be 1 to %d)",
                        width, height, IMAGE_MAX_SIDE);
    if (channels < 1 || channels > 4 || (depth != 8 && depth != 16))
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %d channels of %d bits (1 to 4 of 8 or 16)",
                        channels, depth);

    struct bsr_image made = {.width = width, .height = height, .channels = channels, .depth = depth};
    made.stride =
        ((size_t)width * image_pixel_size(&made) + MEM_ALIGNMENT - 1) / MEM_ALIGNMENT * MEM_ALIGNMENT;
    made.data = mem_alloc_aligned((size_t)height, made.stride);
    if (!made.data)
        return bsr_fail_memory(err, NULL, (size_t)height * made.stride);
    *image = made;
    return BSR_OK;
}

void image_free(struct bsr_image *image)
{
    mem_free(image->data);
    *image = (struct bsr_image){0};
}
