/* Fuzz target: a model card. What is accepted keeps the promises of config/card.h. */
#include "config/card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct card *card)
{
    if (!card->name || !card->file || card->head_count < 0 || card->head_count > CARD_MAX_HEADS ||
        card->anchor_count < 0 || card->anchor_count > CARD_MAX_ANCHORS || card->pad < 0 || card->pad > 255)
        abort();
    if (!(card->confidence >= 0 && card->confidence <= 1) || !(card->iou >= 0 && card->iou <= 1))
        abort();
    for (int i = 0; i < 3; i++)
        if (!isfinite(card->scale[i]) || !isfinite(card->mean[i]))
            abort();
    for (int i = 0; i < card->name_count; i++)
        if (!card->names[i][0])
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("card", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size) {
        char             path[64];
        struct card      card;
        struct bsr_error err = {0};
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (card_read(&card, path, &err) == BSR_OK) {
            look_at(&card);
            card_free(&card);
        } else if (err.code == BSR_OK || !err.message[0]) {
            abort();
        }
    }
    close(fd);
    return 0;
}
