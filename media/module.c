#include "media/module.h"

#include "base/bytes.h"
#include "base/file.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct search {
    const char *file;
    void       *module;
    char        why[512]; /* of the first that was there and could not be loaded */
    bool        failed;   /* out of memory */
};

/* Tries folder/file; `folder` need not end in a slash. */
static void try_folder(struct search *search, const char *folder)
{
    struct bytes path = {0};
    if (search->module || !folder || !folder[0])
        return;
    if (!bytes_append_format(&path, "%s/%s", folder, search->file)) {
        search->failed = true;
    } else if (access(bytes_text(&path), R_OK) == 0) {
        search->module = dlopen(bytes_text(&path), RTLD_NOW | RTLD_LOCAL);
        const char *why = search->module ? NULL : dlerror();
        if (why && !search->why[0])
            strncat(search->why, why, sizeof search->why - 1);
    }
    bytes_free(&path);
}

/* Folders that are where they are from the program's own: build/app/besra and build/modules,
 * prefix/bin/besra and prefix/lib/.../besra. */
static void try_beside_program(struct search *search)
{
    static const char *const beside[] = {"../modules", "../../modules", BESRA_MODULES_FROM_PROGRAM};
    char                     program[4096];
    ssize_t                  length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return;
    program[length] = '\0';
    program[file_name(program) - program] = '\0';
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        struct bytes folder = {0};
        if (bytes_append_format(&folder, "%s%s", program, beside[i]))
            try_folder(search, bytes_text(&folder));
        else
            search->failed = true;
        bytes_free(&folder);
    }
}

bsr_status module_open(void **out, const char *file, const char *purpose, const char *library,
                       const char *package, struct bsr_error *err)
{
    struct search search = {.file = file};
    try_folder(&search, secure_getenv("BESRA_MODULES"));
    try_beside_program(&search);
    try_folder(&search, BESRA_MODULE_FOLDER);
    if (search.module) {
        *out = search.module;
        return BSR_OK;
    }
    if (search.failed)
        return bsr_fail_memory(err, NULL, 0);
    if (!search.why[0]) {
        bsr_fail(err, BSR_EMISSING, NULL, "%s need the module %s, which is not installed", purpose, file);
        bsr_hint(err, "it comes with the besra package and stands on the package %s", package);
        return BSR_EMISSING;
    }
    if (strstr(search.why, library))
        return bsr_fail(err, BSR_EMISSING, NULL, "%s need the package %s, which is not installed", purpose,
                        package);
    return bsr_fail(err, BSR_EMISSING, NULL, "%s need the module %s, which can't be loaded: %s", purpose,
                    file, search.why);
}

bsr_status module_find(void **out, void *module, const char *symbol, const char *file, struct bsr_error *err)
{
    void *found = dlsym(module, symbol);
    if (!found)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", file);
    *out = found;
    return BSR_OK;
}
