#include "pipeline/formats.h"

#include <stddef.h>

enum picture_format format_of_choice(enum format_choice choice)
{
    static const enum picture_format formats[] = {
        [AS_SAME] = PICTURE_UNKNOWN, [AS_JPG] = PICTURE_JPEG,  [AS_PNG] = PICTURE_PNG,
        [AS_WEBP] = PICTURE_WEBP,    [AS_TIFF] = PICTURE_TIFF, [AS_BMP] = PICTURE_BMP,
        [AS_PPM] = PICTURE_PNM,
    };
    return formats[choice];
}

const char *backend_of_choice(enum engine_choice choice)
{
    static const char *const backends[] = {
        [RUN_AUTO] = NULL,
        [RUN_OPENCV] = "opencv",
        [RUN_OPENCV_OPENCL] = "opencv:opencl",
        [RUN_OPENCV_CUDA] = "opencv:cuda",
        [RUN_OPENCV_OPENVINO] = "opencv:openvino",
        [RUN_BESRA] = "besra",
    };
    return backends[choice];
}

struct engine_options engine_of_options(const struct options *options)
{
    static const enum engine_precision precisions[] = {
        [PRECISION_F32] = ENGINE_F32, [PRECISION_BF16] = ENGINE_BF16, [PRECISION_INT8] = ENGINE_INT8};
    return (struct engine_options){.backend = backend_of_choice(options->engine),
                                   .precision = precisions[options->precision],
                                   .drop_qdq = options->qdq == QDQ_LEFT_OUT};
}
