/* Tensors whose data lies in a file beside the model. Hostile models name /etc/passwd, "../../secret", a link
 * that leads out of the folder, a pipe that never ends, or a gigabyte that is not there. */
#include "base/alloc.h"
#include "onnx/graph.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is carried from tensor to tensor. */
struct loading {
    const char *folder;
    size_t      total; /* bytes so far, of all tensors: one small file may be named a thousand times */
};

/* The entries of a tensor's external_data. */
struct place {
    const char *location;
    size_t      offset;
    size_t      length;
    bool        has_length;
};

static bsr_status fail_tensor(const Onnx__TensorProto *tensor, struct bsr_error *err, const char *location,
                              const char *why)
{
    return bsr_fail(err, BSR_EMODEL, NULL, "external data '%s' of tensor '%s' can't be read: %s",
                    shown_name(location).text, shown_name(tensor->name).text, why);
}

/* Decimal digits only; false beyond what a file can hold. */
static bool parse_size(const char *text, size_t *size)
{
    unsigned long long value;
    char              *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (*end || errno || value > INT64_MAX)
        return false;
    *size = (size_t)value;
    return true;
}

static bool read_place(const Onnx__TensorProto *tensor, struct place *place)
{
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const char *key = text_or_empty(tensor->external_data[i]->key);
        const char *value = text_or_empty(tensor->external_data[i]->value);
        bool        fine = true;
        if (strcmp(key, "location") == 0)
            place->location = value;
        if (strcmp(key, "offset") == 0)
            fine = parse_size(value, &place->offset);
        if (strcmp(key, "length") == 0)
            fine = place->has_length = parse_size(value, &place->length);
        if (!fine)
            return false;
    }
    return place->location && *place->location;
}

/* Opens one part of a path below `folder`, never through a link and without waiting for a pipe's writer. */
static int open_part(int folder, const char *part, bool last)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY);

    if (strcmp(part, "..") == 0) {
        errno = EACCES;
        return -1;
    }
    return openat(folder, *part ? part : ".", flags);
}

/* Walks down `path` (relative, cut into its parts in place). A descriptor, or -1 with errno. */
static int open_below(const char *folder, char *path)
{
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (at >= 0 && path) {
        char *slash = strchr(path, '/');
        if (slash)
            *slash = '\0';
        int next = open_part(at, path, !slash);
        int reason = errno;
        close(at);
        errno = reason;
        at = next;
        path = slash ? slash + 1 : NULL;
    }
    return at;
}

static const char *open_reason(int reason)
{
    switch (reason) {
    case ELOOP:
        return "it is a symbolic link";
    case ENOENT:
        return "there is no such file in the model's folder";
    case EACCES:
        return "no permission, or a path that leaves the model's folder";
    case ENOTDIR:
        return "its path leads through something that is no folder";
    default:
        return "the system refused it";
    }
}

static bsr_status open_location(int *out, const struct loading *loading, const Onnx__TensorProto *tensor,
                                const char *location, struct bsr_error *err)
{
    if (*location == '/')
        return fail_tensor(tensor, err, location, "an absolute path; only files below the model are allowed");

    char *path = mem_copy_text(location);
    if (!path)
        return bsr_fail_memory(err, NULL, strlen(location) + 1);
    int file = open_below(loading->folder, path);
    int reason = errno;
    mem_free(path);
    if (file < 0)
        return fail_tensor(tensor, err, location, open_reason(reason));
    *out = file;
    return BSR_OK;
}

/* Checks the place against the file and the tensor's shape. */
static bsr_status check_place(const struct loading *loading, const Onnx__TensorProto *tensor,
                              const struct place *place, int file, size_t size, struct bsr_error *err)
{
    struct stat info;

    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
        return fail_tensor(tensor, err, place->location, "it is no regular file");
    if (place->has_length && place->length != size)
        return fail_tensor(tensor, err, place->location,
                           "its length is not what the tensor's shape asks for");
    if (place->offset > (size_t)info.st_size || size > (size_t)info.st_size - place->offset)
        return fail_tensor(tensor, err, place->location, "the file is too short");
    if (size > ONNX_MAX_BYTES - loading->total)
        return fail_tensor(tensor, err, place->location, "over 2 GiB in all");
    return BSR_OK;
}

static bsr_status read_fully(int file, uint8_t *data, size_t size, size_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(file, data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return BSR_EIO;
        done += (size_t)got;
    }
    return BSR_OK;
}

/* The tensor now holds its data itself. */
static void adopt(Onnx__TensorProto *tensor, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < tensor->n_external_data; i++)
        onnx__string_string_entry_proto__free_unpacked(tensor->external_data[i], &onnx_allocator);
    mem_free(tensor->external_data);
    tensor->external_data = NULL;
    tensor->n_external_data = 0;
    tensor->has_data_location = 0;
    tensor->data_location = 0;
    mem_free(tensor->raw_data.data);
    tensor->raw_data.data = data;
    tensor->raw_data.len = size;
    tensor->has_raw_data = 1;
}

static bsr_status load_from(int file, struct loading *loading, Onnx__TensorProto *tensor,
                            const struct place *place, struct bsr_error *err)
{
    size_t size;

    if (!tensor_size(tensor, &size))
        return fail_tensor(tensor, err, place->location, "its type or shape has no known size");
    bsr_status status = check_place(loading, tensor, place, file, size, err);
    if (status != BSR_OK)
        return status;

    uint8_t *data = mem_alloc(size);
    if (!data)
        return bsr_fail_memory(err, NULL, size);
    if (read_fully(file, data, size, place->offset) != BSR_OK) {
        mem_free(data);
        return fail_tensor(tensor, err, place->location, "reading failed");
    }
    loading->total += size;
    adopt(tensor, data, size);
    return BSR_OK;
}

static bsr_status load_tensor(Onnx__TensorProto *tensor, void *context, struct bsr_error *err)
{
    struct loading *loading = context;
    struct place    place = {.location = NULL};
    int             file = -1;

    if (tensor->data_location != ONNX_EXTERNAL)
        return BSR_OK;
    if (!read_place(tensor, &place))
        return fail_tensor(tensor, err, place.location, "it does not say where its data is");
    if (!loading->folder)
        return fail_tensor(tensor, err, place.location, "a model in memory has no folder to look in");

    bsr_status status = open_location(&file, loading, tensor, place.location, err);
    if (status == BSR_OK) {
        status = load_from(file, loading, tensor, &place, err);
        close(file);
    }
    return status;
}

bsr_status model_load_external(struct onnx_model *model, const char *folder, struct bsr_error *err)
{
    struct loading loading = {.folder = folder && !*folder ? "." : folder};
    return visit_tensors(&model->proto->base, load_tensor, &loading, err);
}
