/* The module that moving pictures stand on. */
#include "media/module.h"
#include "media/video_parts.h"

#include <pthread.h>

static const char module_file[] = "besra-video.so";

static struct {
    pthread_mutex_t            lock;
    const struct video_module *video; /* NULL until it is needed */
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bsr_status open_module(const struct video_module **out, struct bsr_error *err)
{
    void      *module;
    void      *table;
    bsr_status status =
        module_open(&module, module_file, "Videos and cameras", "lib", BESRA_LIBAV_PACKAGE, err);
    if (status == BSR_OK)
        status = module_find(&table, module, VIDEO_MODULE_SYMBOL, module_file, err);
    if (status != BSR_OK)
        return status;
    const struct video_module *video = table;
    if (video->version != VIDEO_MODULE_VERSION)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", module_file);
    *out = video;
    return BSR_OK;
}

bsr_status video_find_module(const struct video_module **out, const char *name, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    pthread_mutex_lock(&opened.lock);
    if (!opened.video)
        status = open_module(&opened.video, err);
    pthread_mutex_unlock(&opened.lock);
    if (status == BSR_OK)
        *out = opened.video;
    else
        bsr_error_set_subject(err, name);
    return status;
}
