#include "tests/app/window/fake_viewer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_viewer fake;

struct viewer {
    int nothing;
};

static void ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void ask(const char *format, ...)
{
    size_t  length = strlen(fake.asked);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake.asked + length, sizeof fake.asked - length, format, arguments);
    va_end(arguments);
    fake.shot.serial++;
}

bool fake_was_asked(const char *line)
{
    if (!line) {
        fake.asked[0] = '\0';
        return false;
    }
    size_t length = strlen(line);
    for (const char *at = fake.asked; (at = strstr(at, line)) != NULL; at++)
        if ((at == fake.asked || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

/* Soft waves in colour: whatever is scaled wrongly shows. */
static void paint_waves(struct bsr_image *image, int width, int height)
{
    image_free(image);
    if (image_alloc(image, width, height, 3, 8, NULL) != BSR_OK)
        abort();
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = image_row(image, y) + 3 * x;
            pixel[0] = (uint8_t)(90 + 100 * x / width);
            pixel[1] = (uint8_t)(70 + 110 * y / height);
            pixel[2] = (uint8_t)((x / 16 + y / 16) % 2 ? 150 : 110);
        }
}

static struct bsr_image picture, enlarged, plain;

void fake_start(void)
{
    fake = (struct fake_viewer){.shot = {.serial = 1,
                                         .settings = {.confidence = 0.25,
                                                      .iou = 0.45,
                                                      .max_detections = 300,
                                                      .factor = 2,
                                                      .top = 5,
                                                      .hidden = fake.hidden}}};
    paint_waves(&fake.small, 120, 90);
}

void fake_stop(void)
{
    image_free(&fake.small);
    image_free(&picture);
    image_free(&enlarged);
    image_free(&plain);
}

void fake_pictures(size_t count)
{
    for (size_t i = 0; i < count && i < 600; i++)
        snprintf(fake.names[i], sizeof fake.names[i], "holiday/picture-%03zu.jpg", i + 1);
    paint_waves(&picture, 640, 480);
    fake.shot.count = count;
    fake.shot.selected = 0;
    fake.shot.picture_state = VIEWER_READY;
    fake.shot.path = fake.names[0];
    fake.shot.picture = &picture;
    fake.shot.picture_id = 1;
    fake.shot.serial++;
}

void fake_video(void)
{
    fake.videos = 3;
    snprintf(fake.names[0], sizeof fake.names[0], "holiday/street.mp4");
    fake.shot.video = (struct viewer_video){
        .there = true, .steady = true, .time = 8, .duration = 30.16, .number = 100, .frame_id = 7};
    fake.shot.serial++;
}

void fake_detector(size_t count)
{
    static const struct detection    boxes[] = {{60, 80, 220, 330, 0.93, 0},   {180, 60, 330, 300, 0.88, 1},
                                                {0, 0, 90, 60, 0.81, 2},       {400, 200, 640, 480, 0.77, 0},
                                                {420, 220, 520, 330, 0.61, 3}, {330, 20, 380, 60, 0.52, 1},
                                                {560, 10, 640, 70, 0.44, 2},   {250, 380, 330, 470, 0.31, 3}};
    static const struct viewer_class classes[] = {{"person", 2},
                                                  {"ace of spades", 2},
                                                  {"\xd0\xba\xd0\xbe\xd1\x88\xd0\xba\xd0\xb0", 2},
                                                  {"a class with a rather long name of its own", 2}};
    fake.shot.model_state = VIEWER_READY;
    fake.shot.model_name = fake.shot.model_used = "cards";
    fake.shot.task = CARD_DETECT;
    fake.shot.result_state = VIEWER_READY;
    fake.shot.detections = boxes;
    fake.shot.detection_count = count;
    fake.shot.classes = classes;
    fake.shot.class_count = 4;
    fake.shot.timing = (struct timing){.decode = 3.1, .pre = 0.6, .net = 11.9, .post = 0.3};
    fake.shot.serial++;
}

void fake_enlarger(void)
{
    paint_waves(&enlarged, 1280, 960);
    paint_waves(&plain, 1280, 960);
    for (int y = 0; y < 960; y++) /* seen apart from the other */
        for (int x = 0; x < 1280 * 3; x++)
            image_row(&plain, y)[x] = (uint8_t)(image_row(&plain, y)[x] * 3 / 4);
    fake.shot.model_state = VIEWER_READY;
    fake.shot.model_name = fake.shot.model_used = "srcnn";
    fake.shot.task = CARD_UPSCALE;
    fake.shot.result_state = VIEWER_READY;
    fake.shot.enlarged = &enlarged;
    fake.shot.plain = &plain;
    fake.shot.enlarged_id = 77;
    fake.shot.serial++;
}

void fake_classifier(void)
{
    static const struct class_score scores[] = {
        {281, 0.83F}, {282, 0.11F}, {285, 0.03F}, {287, 0.01F}, {3, 0.001F}};
    static const char *const names[] = {"tabby, tabby cat", "tiger cat", "Egyptian cat", "lynx, catamount",
                                        "tiger shark, Galeocerdo cuvieri, which has a very long name"};
    fake.shot.model_state = VIEWER_READY;
    fake.shot.model_name = fake.shot.model_used = "squeezenet.onnx";
    fake.shot.task = CARD_CLASSIFY;
    fake.shot.result_state = VIEWER_READY;
    fake.shot.scores = scores;
    fake.shot.score_names = names;
    fake.shot.score_count = 5;
    fake.shot.serial++;
}

/* ---- pipeline/viewer.h
 * -------------------------------------------------------------------------------------- */

bsr_status viewer_open(struct viewer **out, const struct viewer_options *options, struct bsr_error *err)
{
    static struct viewer viewer;
    (void)options;
    (void)err;
    *out = &viewer;
    return BSR_OK;
}

void viewer_close(struct viewer *viewer)
{
    (void)viewer;
}

bsr_status viewer_add(struct viewer *viewer, char *const *inputs, size_t count, bool recursive,
                      struct bsr_error *err)
{
    (void)viewer;
    for (size_t i = 0; i < count; i++) {
        ask("add %s%s\n", inputs[i], recursive ? " and below" : "");
        if (strstr(inputs[i], "missing"))
            return bsr_fail(err, BSR_EMISSING, inputs[i], "there is no such file");
    }
    return BSR_OK;
}

bsr_status viewer_add_image(struct viewer *viewer, const struct bsr_image *image, const char *name,
                            struct bsr_error *err)
{
    (void)viewer;
    (void)image;
    (void)err;
    ask("add image %s\n", name);
    return BSR_OK;
}

void viewer_remove(struct viewer *viewer, size_t index)
{
    (void)viewer;
    ask("remove %zu\n", index);
}

void viewer_select(struct viewer *viewer, size_t index)
{
    (void)viewer;
    ask("select %zu\n", index);
    fake.shot.selected = index;
    fake.shot.path = fake.names[index];
}

const char *viewer_name(const struct viewer_snapshot *snapshot, size_t index)
{
    return index < snapshot->count ? fake.names[index] : NULL;
}

const struct bsr_image *viewer_thumbnail(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                         size_t index, unsigned long long *id)
{
    (void)viewer;
    (void)snapshot;
    if (id)
        *id = 1000 + index;
    return index % 7 == 6 ? NULL : &fake.small;
}

void viewer_play(struct viewer *viewer, bool play)
{
    (void)viewer;
    if (fake.shot.video.playing != play)
        ask(play ? "play\n" : "pause\n");
    fake.shot.video.playing = fake.shot.video.there && play;
}

void viewer_seek(struct viewer *viewer, double time)
{
    (void)viewer;
    ask("seek %.2f\n", time);
    fake.shot.video.seeking = true;
}

void viewer_step(struct viewer *viewer, int by)
{
    (void)viewer;
    ask("step %d\n", by);
}

bool viewer_is_video(const struct viewer_snapshot *snapshot, size_t index)
{
    (void)snapshot;
    return index < fake.videos;
}

void viewer_load_model(struct viewer *viewer, const char *name, enum card_task task)
{
    (void)viewer;
    (void)task;
    ask("model %s\n", name);
}

void viewer_set(struct viewer *viewer, const struct viewer_settings *settings)
{
    (void)viewer;
    ask("set conf %.2f iou %.2f max %d agnostic %d factor %.2f top %d\n", settings->confidence, settings->iou,
        settings->max_detections, settings->agnostic, settings->factor, settings->top);
    if (fake.past_count < 16)
        fake.past[fake.past_count++] = fake.shot.settings;
    bool hidden[64] = {false};
    for (int i = 0; settings->hidden && i < settings->hidden_count && i < 64; i++)
        hidden[i] = settings->hidden[i];
    memcpy(fake.hidden, hidden, sizeof hidden);
    fake.shot.settings = *settings;
    fake.shot.settings.hidden = fake.hidden;
}

void viewer_settle(struct viewer *viewer)
{
    (void)viewer;
    ask("settle\n");
}

bool viewer_undo(struct viewer *viewer)
{
    (void)viewer;
    ask("undo\n");
    if (!fake.past_count)
        return false;
    fake.shot.settings = fake.past[--fake.past_count];
    return true;
}

bool viewer_redo(struct viewer *viewer)
{
    (void)viewer;
    ask("redo\n");
    return false;
}

struct viewer_snapshot viewer_snapshot(struct viewer *viewer)
{
    (void)viewer;
    fake.shot.can_undo = fake.past_count > 0;
    return fake.shot;
}

void viewer_release(struct viewer *viewer, struct viewer_snapshot *snapshot)
{
    (void)viewer;
    *snapshot = (struct viewer_snapshot){0};
}

bsr_status viewer_save_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                               const char *path, bool overwrite, struct bsr_error *err)
{
    (void)viewer;
    (void)snapshot;
    ask("save %s%s\n", path, overwrite ? " over" : "");
    if (fake.save_status == BSR_EEXIST && !overwrite)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");
    return BSR_OK;
}

bsr_status viewer_save_record(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err)
{
    (void)viewer;
    (void)snapshot;
    (void)err;
    ask("record %s%s\n", path, overwrite ? " over" : "");
    return BSR_OK;
}

bsr_status viewer_add_encoded(struct viewer *viewer, struct bytes *encoded, const char *stem,
                              struct bsr_error *err)
{
    (void)viewer;
    (void)err;
    ask("add encoded %s of %zu bytes\n", stem, encoded->size);
    return BSR_OK;
}

bsr_status viewer_encode_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                 struct bytes *png, struct bsr_error *err)
{
    (void)viewer;
    (void)snapshot;
    bytes_append_text(png, "a picture");
    return png->failed ? bsr_fail_memory(err, "picture", png->size) : BSR_OK;
}

bsr_status viewer_save_pasted(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err)
{
    (void)viewer;
    (void)snapshot;
    ask("save pasted %s%s\n", path, overwrite ? " over" : "");
    if (fake.save_status == BSR_EEXIST && !overwrite)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");
    fake.shot.unsaved = false;
    snprintf(fake.names[fake.shot.selected], sizeof fake.names[0], "%s", path);
    return BSR_OK;
}

void viewer_write_label(const struct viewer *viewer, const struct viewer_snapshot *snapshot, size_t index,
                        struct bytes *out)
{
    const struct detection *box = &snapshot->detections[index];
    (void)viewer;
    bytes_clear(out);
    bytes_append_format(out, "%s %.2f", snapshot->classes[box->class_index].name, box->score);
}

void viewer_start_batch(struct viewer *viewer, const char *folder)
{
    (void)viewer;
    ask("batch %s\n", folder);
    fake.shot.batch_state = VIEWER_WORKING;
    fake.shot.batch_count = fake.shot.count;
    fake.shot.batch_folder = "besra-out/cards";
}

void viewer_cancel_batch(struct viewer *viewer)
{
    (void)viewer;
    ask("cancel\n");
}

bsr_status viewer_command(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                          struct bytes *out, struct bsr_error *err)
{
    (void)viewer;
    bytes_append_format(out, "besra detect -m cards --conf %.2f '%s'", snapshot->settings.confidence,
                        snapshot->path ? snapshot->path : "");
    return out->failed ? bsr_fail_memory(err, "command", out->size) : BSR_OK;
}
