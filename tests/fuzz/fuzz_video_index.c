/* Fuzz target: what the first bytes of a video say, and the index of an .mp4 of fragments. What was given an
 * index has no fragments any more. */
#include "media/video_index.h"
#include "media/video_parts.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)video_is_container(data, size);
    int file = memfd_create("fuzz.mp4", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    if (video_index_file(file, NULL) == BSR_OK && video_index_file(file, NULL) == BSR_OK)
        abort();
    close(file);
    return 0;
}
