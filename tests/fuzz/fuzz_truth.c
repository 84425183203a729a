/* Fuzz target: what others have written down of pictures. The first byte chooses the kind: COCO's JSON,
 * YOLO's text, VOC's XML, a table of classes. What is accepted keeps the promises of pipeline/truth.h. */
#include "pipeline/truth_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct source        items[] = {{(char[]){"in/a.jpg"}, (char[]){"a.jpg"}, true},
                                       {(char[]){"in/b.jpg"}, (char[]){"b.jpg"}, true}};
static const struct sources sources = {.items = items, .count = 2, .capacity = 2};

static const char *const          names[] = {"berry", "green leaf", "hawk"};
static const struct truth_classes classes = {.names = names, .count = 3, .named = true};

static void look_at(const struct truth *truth)
{
    size_t next = 0;
    if (truth->count != sources.count)
        abort();
    for (size_t i = 0; i < truth->count; i++) {
        if (truth->pictures[i].first != next || truth->pictures[i].width < 0 || truth->pictures[i].height < 0)
            abort();
        next += truth->pictures[i].count;
    }
    if (next != truth->box_count)
        abort();
    for (size_t i = 0; i < truth->box_count; i++) {
        const struct truth_box *box = &truth->boxes[i];
        if (box->class_index < 0 || box->class_index >= classes.count || !isfinite(box->x1) ||
            !isfinite(box->y1) || !isfinite(box->x2) || !isfinite(box->y2) || !(box->area >= 0) ||
            !isfinite(box->area))
            abort();
    }
}

static void check_refusal(bsr_status status, const struct bsr_error *err)
{
    if (status != err->code || !err->message[0])
        abort();
}

static void read_boxes(int kind, const struct bytes *text)
{
    struct truth_build build;
    struct truth       truth = {0};
    struct bytes       notes = {0};
    struct bsr_error   err = {0};
    bsr_status         status = truth_build_open(&build, sources.count, &err);

    build.numbered = kind == 1;
    if (status == BSR_OK)
        status = kind == 0
                     ? truth_parse_coco(&build, bytes_text(text), text->size, "t", &sources, &notes, &err)
                 : kind == 1 ? truth_parse_yolo(&build, 0, text, "t", &err)
                             : truth_parse_voc(&build, 1, text, "t", &err);
    if (status == BSR_OK)
        status = truth_build_finish(&truth, &build, "t", &classes, &notes, &err);
    if (status == BSR_OK)
        look_at(&truth);
    else
        check_refusal(status, &err);
    truth_free(&truth);
    bytes_free(&notes);
    truth_build_close(&build);
}

static void read_table(const struct bytes *text)
{
    int              fd = memfd_create("labels", MFD_CLOEXEC), labels[2];
    char             path[64];
    struct bytes     notes = {0};
    struct bsr_error err = {0};

    if (fd >= 0 && write(fd, bytes_text(text), text->size) == (ssize_t)text->size) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        bsr_status status = truth_read_labels(labels, path, &sources, &classes, &notes, &err);
        if (status != BSR_OK)
            check_refusal(status, &err);
        for (int i = 0; status == BSR_OK && i < 2; i++)
            if (labels[i] < -1 || labels[i] >= classes.count)
                abort();
    }
    if (fd >= 0)
        close(fd);
    bytes_free(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {0};
    if (size && bytes_append(&text, data + 1, size - 1)) {
        if (data[0] % 4 == 3)
            read_table(&text);
        else
            read_boxes(data[0] % 4, &text);
    }
    bytes_free(&text);
    return 0;
}
