#include "app/window/display.h"

#include "media/module.h"

static const char module_file[] = "besra-window.so";

static const struct display_module *opened; /* NULL until it is needed; the window has one thread */

bsr_status display_module_find(const struct display_module **out, struct bsr_error *err)
{
    void *module = NULL, *table = NULL;
    if (opened) {
        *out = opened;
        return BSR_OK;
    }
    bsr_status status = module_open(&module, module_file, "Windows", "libSDL2", BESRA_SDL2_PACKAGE, err);
    if (status == BSR_OK)
        status = module_find(&table, module, DISPLAY_MODULE_SYMBOL, module_file, err);
    if (status != BSR_OK)
        return status;
    const struct display_module *found = table;
    if (found->version != DISPLAY_MODULE_VERSION)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", module_file);
    *out = opened = found;
    return BSR_OK;
}
