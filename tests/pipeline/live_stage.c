#include "tests/pipeline/live_stage.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = 64 };

struct stage stage;

/* ---- the source --------------------------------------------------------------------------------------- */

struct video_reader {
    const struct stage_opening *opening;
    struct video_facts          facts;
    struct bsr_image            image;
    const atomic_bool          *stop;
    double                      began_ms;
    int                         next;
};

static bsr_status source_open(struct video_reader **out, const char *source,
                              const struct video_options *options, struct bsr_error *err)
{
    const struct stage_opening *opening = &stage.openings[stage.opened];
    stage.asked = *options;
    if (stage.opened >= stage.opening_count)
        return bsr_fail(err, BSR_EIO, source, "nobody answers");
    stage.opened++;
    if (opening->fails != BSR_OK)
        return bsr_fail(err, opening->fails, source, "refused");

    struct video_reader *made = calloc(1, sizeof *made);
    bsr_status           status = BSR_OK;
    if (!made)
        return bsr_fail_memory(err, source, sizeof *made);
    made->opening = opening;
    made->stop = options->stop;
    made->began_ms = clock_ms();
    made->facts = (struct video_facts){.width = opening->width ? opening->width : SIDE,
                                       .height = opening->height ? opening->height : SIDE,
                                       .fps = opening->fps > 0 ? opening->fps : 100,
                                       .live = opening->live};
    status = image_alloc(&made->image, made->facts.width, made->facts.height, 3, 8, err);
    if (status != BSR_OK) {
        free(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

static void source_close(struct video_reader *reader)
{
    if (!reader)
        return;
    image_free(&reader->image);
    free(reader);
    stage.closed++;
}

static const struct video_facts *source_facts(const struct video_reader *reader)
{
    return &reader->facts;
}

void stage_render(const struct bsr_image *image, bool berry)
{
    for (int y = 0; y < image->height; y++) {
        memset(image_row(image, y), 90, 3 * (size_t)image->width);
        for (int x = 16; berry && y >= 16 && y < 32 && x < 32; x++)
            memcpy(image_row(image, y) + 3 * (size_t)x, (const uint8_t[]){0, 0, 255}, 3);
    }
}

static bsr_status at_the_end(struct video_reader *reader, bool *end, struct bsr_error *err)
{
    switch (reader->opening->then) {
    case STAGE_BREAKS:
        return bsr_fail(err, BSR_EIO, "stage", "connection lost");
    case STAGE_HANGS:
        while (!atomic_load(reader->stop))
            usleep(1000);
        return bsr_fail(err, BSR_ECANCELED, "stage", "interrupted");
    default:
        *end = true;
        return BSR_OK;
    }
}

static bsr_status source_read(struct video_reader *reader, struct video_frame *out, bool *end,
                              long long *damaged, struct bsr_error *err)
{
    const struct stage_opening *opening = reader->opening;
    int                         number = reader->next++;
    double                      time = number / reader->facts.fps;

    (void)damaged;
    if (number >= opening->frames)
        return at_the_end(reader, end, err);
    while (opening->live && clock_ms() < reader->began_ms + time * 1000)
        usleep(500);
    stage_render(&reader->image, !opening->berry || opening->berry(number));
    *out = (struct video_frame){
        .image = reader->image, .time = time, .arrived_ms = clock_ms(), .number = number};
    return BSR_OK;
}

/* ---- the recording --------------------------------------------------------------------------------------
 */

struct video_writer {
    struct stage_file *file;
};

static bsr_status sink_open(struct video_writer **out, const char *path,
                            const struct video_writer_options *options, struct bsr_error *err)
{
    struct video_writer *made = calloc(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, path, sizeof *made);
    assert_true(stage.file_count < STAGE_FILES);
    made->file = &stage.files[stage.file_count++];
    *made->file = (struct stage_file){.begun = !options->held,
                                      .hold = options->hold,
                                      .begin_time = -1,
                                      .width = options->width,
                                      .height = options->height};
    snprintf(made->file->path, sizeof made->file->path, "%s", path);
    *out = made;
    return BSR_OK;
}

static bsr_status sink_add(struct video_writer *writer, const struct bsr_image *image, double time,
                           struct bsr_error *err)
{
    struct stage_file *file = writer->file;

    usleep((useconds_t)(stage.add_ms * 1000));
    if (image->width != file->width || image->height != file->height)
        return bsr_fail(err, BSR_ERANGE, file->path, "another size");
    if (file->count && !(time > file->times[file->count - 1]))
        return bsr_fail(err, BSR_ERANGE, file->path, "time went back");
    if (stage.add_fails && --stage.add_fails == 0)
        return bsr_fail(err, BSR_EIO, file->path, "no space left on the device");
    if (file->count < STAGE_TIMES)
        file->times[file->count++] = time;
    return BSR_OK;
}

static bsr_status sink_begin(struct video_writer *writer, struct bsr_error *err)
{
    struct stage_file *file = writer->file;
    (void)err;
    file->begun = true;
    file->begin_time = file->count ? file->times[file->count - 1] : -1;
    return BSR_OK;
}

static bsr_status sink_close(struct video_writer *writer, double end_time, struct bsr_error *err)
{
    (void)err;
    writer->file->closed = true;
    writer->file->end_time = end_time;
    free(writer);
    return BSR_OK;
}

/* ---- the stage ------------------------------------------------------------------------------------------
 */

struct live_ground stage_ground = {
    .source = {.open = source_open, .close = source_close, .facts = source_facts, .read = source_read},
    .sink = {.open = sink_open, .add = sink_add, .begin = sink_begin, .close = sink_close},
    .first_wait = 0.005,
    .longest_wait = 0.04,
    .steady = 60,
};

static void note_message(void *context, const char *text)
{
    size_t used = strlen(stage.said);
    (void)context;
    stage.messages++;
    snprintf(stage.said + used, sizeof stage.said - used, "%s\n", text);
}

static void note_record(void *context, const char *line, size_t length)
{
    (void)context;
    fwrite(line, 1, length, stage.record);
    stage.lines++;
}

void stage_begin(void)
{
    stage = (struct stage){0};
    stage.record = open_memstream(&stage.record_text, &stage.record_size);
    assert_non_null(stage.record);
}

void stage_end(void)
{
    fclose(stage.record);
    free(stage.record_text);
    stage = (struct stage){0};
}

struct live_options stage_options(void)
{
    return (struct live_options){
        .source = "stage",
        .model = BESRA_SOURCE_DIR "/tests/app/data/berries.cfg",
        .detect = {.confidence = -1, .iou = -1},
        .threads = 1,
        .tracking = track_options_default(),
        .on_message = note_message,
        .on_record = note_record,
    };
}

struct live *stage_open(const struct live_options *options)
{
    struct live     *live = NULL;
    struct bsr_error err;
    if (live_open_on(&live, options, &stage_ground, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return live;
}

bool stage_line_has(int n, const char *text)
{
    fflush(stage.record);
    const char *line = stage.record_text;
    for (; n > 0 && line; n--) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    const char *end = line ? strchr(line, '\n') : NULL;
    return end && memmem(line, (size_t)(end - line), text, strlen(text));
}
