#include "pipeline/compare_folder.h"

#include "base/file.h"
#include "base/npy.h"

#include <string.h>
#include <unistd.h>

enum { LONGEST_NAME = 200 }; /* bytes; file systems take 255 */

#define MAX_NPY_BYTES ((size_t)4 << 30)

void compare_file_name(struct bytes *out, const char *name)
{
    size_t length = strnlen(name, LONGEST_NAME);

    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)name[i];
        bool          plain = letter != '/' && letter >= ' ' && letter != 0x7F && (letter != '.' || i > 0);
        bytes_append_format(out, "%c", plain ? letter : '_');
    }
}

bool compare_folder_find(struct bytes *path, const char *folder, const char *name)
{
    static const char *const prefixes[] = {"", "debug_"};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        bytes_clear(path);
        bytes_append_format(path, "%s/%s", folder, prefixes[i]);
        compare_file_name(path, name);
        bytes_append_text(path, ".npy");
        if (!path->failed && access(bytes_text(path), F_OK) == 0)
            return true;
    }
    return false;
}

bsr_status compare_folder_read(struct bsr_tensor *out, const char *folder, const char *name,
                               struct bsr_error *err)
{
    struct bytes path = {0}, file = {0};
    bsr_status   status = BSR_OK;

    if (!compare_folder_find(&path, folder, name))
        status = path.failed
                     ? bsr_fail_memory(err, name, path.size)
                     : bsr_fail(err, BSR_EMISSING, folder, "has no file of the tensor '%.200s'", name);
    if (status == BSR_OK)
        status = file_read(&file, bytes_text(&path), MAX_NPY_BYTES, err);
    if (status == BSR_OK)
        status = npy_read(out, file.data, file.size, bytes_text(&path), err);
    bytes_free(&path);
    bytes_free(&file);
    return status;
}

bsr_status compare_folder_write(const char *folder, const char *name, const struct bsr_tensor *tensor,
                                bool overwrite, struct bsr_error *err)
{
    struct bytes path = {0}, file = {0};

    bytes_append_format(&path, "%s/", folder);
    compare_file_name(&path, name);
    bytes_append_text(&path, ".npy");
    bsr_status status = path.failed ? bsr_fail_memory(err, name, path.size) : BSR_OK;
    if (status == BSR_OK)
        status = npy_write(tensor, &file, err);
    if (status == BSR_OK)
        status = file_make_folders(folder, err);
    if (status == BSR_OK)
        status = file_write(bytes_text(&path), file.data, file.size, overwrite, false, err);
    bytes_free(&path);
    bytes_free(&file);
    return status;
}
