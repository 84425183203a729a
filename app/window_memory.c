#include "app/window_memory.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/file.h"

#include <stdio.h>

bsr_status window_memory_write(const struct options *now, const enum option_id *ids, size_t count,
                               struct bsr_error *err)
{
    char        *path = NULL;
    struct bytes text = {0};
    bsr_status   status = options_window_file(&path, now->command, err);

    bytes_append_format(&text, "# written by besra %s: how the window was left\n",
                        command_name(now->command));
    options_write_group(now, ids, count, &text);
    if (status == BSR_OK && text.failed)
        status = bsr_fail_memory(err, "window.cfg", text.size);
    if (status == BSR_OK && path) {
        char folder[4096];
        snprintf(folder, sizeof folder, "%.*s", (int)(file_name(path) - path), path);
        status = file_make_folders(folder, err);
        if (status == BSR_OK)
            status = file_write(path, text.data, text.size, true, false, err);
    }
    bytes_free(&text);
    mem_free(path);
    return status;
}
