/* Operators out of a user's shared object. What it registers stays, so it is never closed once it has been
 * asked to register. */
#include "operators/registry.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bsr_status register_operators(struct bsr_error *err);

/* dlopen() looks a name without a slash up in the system's folders: here it is a file like any other. */
static bsr_status open_object(void **object, const char *path, struct bsr_error *err)
{
    char *full = realpath(path, NULL);
    if (!full)
        return bsr_fail(err, BSR_EMISSING, path, "can't be opened: %s", strerror(errno));

    dlerror();
    *object = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    free(full);
    if (*object)
        return BSR_OK;
    const char *why = dlerror();
    return bsr_fail(err, BSR_EMISSING, path, "is no plugin that can be loaded: %s",
                    why ? why : "no reason given");
}

/* The address of a function; ISO C knows no cast from a pointer to an object. */
static register_operators *find_function(void *object, const char *name)
{
    void               *found = dlsym(object, name);
    register_operators *function = NULL;
    memcpy(&function, &found, sizeof function);
    return function;
}

static bsr_status check_plugin(void *object, const char *path, struct bsr_error *err)
{
    const int *abi = dlsym(object, "bsr_plugin_abi");

    if (!abi || !find_function(object, "bsr_plugin_register")) {
        bsr_fail(err, BSR_EUSAGE, path, "is no plugin of besra: it does not define %s",
                 abi ? "bsr_plugin_register()" : "bsr_plugin_abi");
        bsr_hint(err, "docs/custom-operators.md shows one");
        return BSR_EUSAGE;
    }
    if (*abi == BSR_PLUGIN_ABI)
        return BSR_OK;
    bsr_fail(err, BSR_EUSAGE, path, "was built for version %d of the plugin interface, this besra has %d",
             *abi, BSR_PLUGIN_ABI);
    bsr_hint(err, "build it again with this besra's besra.h");
    return BSR_EUSAGE;
}

bsr_status bsr_plugin_load(const char *path, struct bsr_error *err)
{
    void *object = NULL;

    if (!path || !*path)
        return bsr_fail(err, BSR_EUSAGE, NULL, "a plugin needs a path");
    bsr_status status = open_object(&object, path, err);
    if (status != BSR_OK)
        return status;
    status = check_plugin(object, path, err);
    if (status != BSR_OK) {
        dlclose(object);
        return status;
    }

    struct bsr_error why = {0};
    status = find_function(object, "bsr_plugin_register")(&why);
    if (status == BSR_OK)
        return BSR_OK;
    if (status > 0) /* no code of besra's */
        status = BSR_EUSAGE;
    return bsr_fail(err, status, path, "registers no operators: %s%s%s", why.subject,
                    *why.subject ? ": " : "", *why.message ? why.message : "it does not say why");
}
