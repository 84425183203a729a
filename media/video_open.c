/* The modules that moving pictures stand on. */
#include "media/module.h"
#include "media/video_parts.h"

#include <pthread.h>

/* The modules, each opened when it is first needed. */
static struct {
    const char *file, *purpose, *library, *package;

    const struct video_module *video; /* NULL until then */
} modules[] = {
    [VIDEO_BY_LIBAV] = {"besra-video.so", "Videos and cameras", "lib", BESRA_LIBAV_PACKAGE, NULL},
    [VIDEO_BY_GSTREAMER] = {"besra-video-gstreamer.so", "GStreamer's pipelines", "lib", BESRA_VIDEOIO_PACKAGE,
                            NULL},
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bsr_status open_module(enum video_by by, struct bsr_error *err)
{
    void       *module;
    void       *table;
    const char *file = modules[by].file;
    bsr_status  status =
        module_open(&module, file, modules[by].purpose, modules[by].library, modules[by].package, err);
    if (status == BSR_OK)
        status = module_find(&table, module, VIDEO_MODULE_SYMBOL, file, err);
    if (status != BSR_OK)
        return status;
    const struct video_module *video = table;
    if (video->version != VIDEO_MODULE_VERSION)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", file);
    modules[by].video = video;
    return BSR_OK;
}

bsr_status video_find_module(const struct video_module **out, enum video_by by, const char *name,
                             struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    pthread_mutex_lock(&lock);
    if (!modules[by].video)
        status = open_module(by, err);
    if (status == BSR_OK)
        *out = modules[by].video;
    pthread_mutex_unlock(&lock);
    if (status != BSR_OK)
        bsr_error_set_subject(err, name);
    return status;
}
