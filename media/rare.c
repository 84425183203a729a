/* Formats that are met rarely: GIF by giflib, the others by the module that stands on OpenCV's imgcodecs. */
#include "media/gif.h"
#include "media/module.h"
#include "media/module/pictures.h"
#include "media/picture_codec.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static const char module_file[] = "besra-media-opencv.so";

static struct {
    pthread_mutex_t               lock;
    const struct pictures_module *pictures; /* NULL until it is needed */
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bsr_status open_pictures(const struct pictures_module **out, const char *purpose,
                                struct bsr_error *err)
{
    void      *module;
    void      *table;
    bsr_status status =
        module_open(&module, module_file, purpose, "libopencv_imgcodecs", BESRA_IMGCODECS_PACKAGE, err);
    if (status == BSR_OK)
        status = module_find(&table, module, PICTURES_MODULE_SYMBOL, module_file, err);
    if (status != BSR_OK)
        return status;
    const struct pictures_module *pictures = table;
    if (pictures->version != PICTURES_MODULE_VERSION)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", module_file);
    *out = pictures;
    return BSR_OK;
}

/* Opens the module at the first call; a failure is tried anew at the next, as a package may come meanwhile.
 */
static bsr_status find_module(const struct pictures_module **out, const struct picture_source *source,
                              struct bsr_error *err)
{
    char        purpose[64];
    const char *title = picture_rare_title(source->data, source->size);
    bsr_status  status = BSR_OK;
    snprintf(purpose, sizeof purpose, "%s pictures", title ? title : "Rare");
    pthread_mutex_lock(&opened.lock);
    if (!opened.pictures)
        status = open_pictures(&opened.pictures, purpose, err);
    pthread_mutex_unlock(&opened.lock);
    if (status == BSR_OK)
        *out = opened.pictures;
    else
        bsr_error_set_subject(err, source->name ? source->name : "");
    return status;
}

/* Of what the module reads nothing but the format is known before it is decoded. */
static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    if (gif_is(source))
        return gif_probe(facts, source, err);
    facts->channels = 3;
    facts->depth = 8;
    return BSR_OK;
}

struct host_context {
    struct decoded              *decoded;
    const struct picture_source *source;
    struct bsr_error            *err;
    char                         why[256];
};

static bsr_status make_image(void *context, struct bsr_image *out, int width, int height, int channels,
                             int depth)
{
    struct host_context *host = context;
    bsr_status status = picture_check_size(host->source, (uint64_t)width, (uint64_t)height, host->err);
    if (status == BSR_OK)
        status = decoded_alloc(host->decoded, host->source, width, height, channels, depth, host->err);
    if (status == BSR_OK)
        *out = host->decoded->image;
    return status;
}

static void explain(void *context, const char *why)
{
    struct host_context *host = context;
    snprintf(host->why, sizeof host->why, "%s", why);
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    const struct pictures_module *module;
    if (gif_is(source))
        return gif_decode(decoded, source, err);
    bsr_status status = find_module(&module, source, err);
    if (status != BSR_OK)
        return status;

    struct host_context        context = {.decoded = decoded, .source = source, .err = err};
    const struct pictures_host host = {
        .context = &context, .max_pixels = source->max_pixels, .make_image = make_image, .explain = explain};
    status = module->decode(source->data, source->size, &host);
    if (status != BSR_OK && context.why[0])
        return bsr_fail(err, status, source->name, "can't be read as %s: %s",
                        picture_rare_title(source->data, source->size), context.why);
    return status;
}

const struct picture_codec rare_codec = {.title = "rare", .probe = probe, .decode = decode};
