/* How fast boxes are tracked and counted, and what is counted, from the records of
 *     besra detect -m MODEL --json --no-image --conf 0.1 FRAMES > boxes.jsonl
 *     bench_track boxes.jsonl FPS [any] [high=0.25] [X1,Y1,X2,Y2 ...]
 * A line has two points, a zone three and more; with "any" a thing may change its class. */
#include "base/alloc.h"
#include "base/clock.h"
#include "postprocess/count.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 100000, MOST_SHAPES = 16, MOST_POINTS = 64, ROUNDS = 50 };

struct frame {
    struct track_box *boxes;
    size_t            count;
};

static struct frame       frames[MOST_FRAMES];
static size_t             frame_count;
static struct count_shape shapes[MOST_SHAPES];
static struct count_point points[MOST_SHAPES][MOST_POINTS];
static int                shape_count;
static double             width, height;

static double number(const json_t *array, size_t index)
{
    return json_number_value(json_array_get(array, index));
}

static int read_frame(const char *line)
{
    json_t *record = json_loads(line, 0, NULL), *found = json_object_get(record, "detections");
    if (!json_is_array(found) || frame_count == MOST_FRAMES)
        return 1;
    struct frame *frame = &frames[frame_count++];
    width = json_number_value(json_object_get(record, "width"));
    height = json_number_value(json_object_get(record, "height"));
    frame->count = json_array_size(found);
    frame->boxes = mem_alloc_zeroed(frame->count + 1, sizeof *frame->boxes);
    for (size_t i = 0; frame->boxes && i < frame->count; i++) {
        const json_t *one = json_array_get(found, i), *box = json_object_get(one, "box");
        frame->boxes[i] = (struct track_box){
            number(box, 0),
            number(box, 1),
            number(box, 2),
            number(box, 3),
            json_number_value(json_object_get(one, "score")),
            (int)json_integer_value(json_object_get(one, "class")),
        };
    }
    json_decref(record);
    return !frame->boxes;
}

static int read_frames(const char *path)
{
    static char line[1 << 20];
    FILE       *file = fopen(path, "r");
    int         failed = !file;
    while (!failed && fgets(line, sizeof line, file))
        failed = read_frame(line);
    if (file)
        fclose(file);
    return failed || !frame_count;
}

static int read_shape(char *text)
{
    if (shape_count == MOST_SHAPES)
        return 1;
    struct count_shape *shape = &shapes[shape_count];
    shape->points = points[shape_count];
    for (char *x = strtok(text, ","), *y; x && (y = strtok(NULL, ",")); x = strtok(NULL, ",")) {
        if (shape->count == MOST_POINTS)
            return 1;
        points[shape_count][shape->count++] = (struct count_point){atof(x), atof(y)};
    }
    shape_count++;
    return 0;
}

struct outcome {
    double          ms;
    long long       boxes, things;
    struct counter *counter;
};

static int run(struct outcome *out, const struct track_options *options, double fps)
{
    struct bsr_error    err;
    struct tracker     *tracker = NULL;
    const struct track *tracks = NULL;
    size_t              count = 0;
    double              start = clock_ms();
    int                 failed =
        tracker_create(&tracker, options, &err) || counter_create(&out->counter, shapes, shape_count, &err);
    if (!failed)
        tracker_set_picture(tracker, width, height);
    for (size_t i = 0; !failed && i < frame_count; i++) {
        failed = tracker_update(tracker, frames[i].boxes, frames[i].count, (double)i / fps, &tracks, &count,
                                &err) ||
                 counter_update(out->counter, tracks, count, &err);
        out->boxes += (long long)frames[i].count;
        for (size_t k = 0; !failed && k < count; k++)
            out->things = tracks[k].id > out->things ? tracks[k].id : out->things;
    }
    out->ms = clock_ms() - start;
    if (failed)
        fprintf(stderr, "%s: %s\n", err.subject, err.message);
    tracker_destroy(tracker);
    return failed;
}

static void show(const struct outcome *outcome)
{
    printf("%zu frames, %lld boxes, %lld things; %.2f us a frame (best of %d), %.0f frames/s\n", frame_count,
           outcome->boxes, outcome->things, 1e3 * outcome->ms / (double)frame_count, ROUNDS,
           1e3 * (double)frame_count / outcome->ms);
    for (int i = 0; i < shape_count; i++) {
        size_t                  count;
        const struct count_row *rows = counter_rows(outcome->counter, i, &count);
        struct count_row        all = {0};
        for (size_t k = 0; k < count; k++) {
            printf("  shape %d class %d: %lld there, %lld back, %d inside\n", i + 1, rows[k].class_index,
                   rows[k].there, rows[k].back, rows[k].inside);
            all.there += rows[k].there;
            all.back += rows[k].back;
        }
        printf("  shape %d: %lld there, %lld back\n", i + 1, all.there, all.back);
    }
}

int main(int argc, char **argv)
{
    struct track_options options = track_options_default();
    struct outcome       best = {0};
    double               fps = argc > 2 ? atof(argv[2]) : 0;
    if (argc < 3 || fps <= 0 || read_frames(argv[1])) {
        fprintf(stderr, "usage: bench_track BOXES.jsonl FPS [any] [high=0.25] [X1,Y1,X2,Y2,... ...]\n");
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (strcmp(argv[i], "any") == 0)
            options.any_class = true;
        else if (sscanf(argv[i], "high=%lf", &options.high) == 1)
            continue;
        else if (read_shape(argv[i]))
            return 2;
    for (int round = 0; round < ROUNDS; round++) {
        struct outcome outcome = {0};
        if (run(&outcome, &options, fps))
            return 1;
        if (round == 0 || outcome.ms < best.ms) {
            counter_destroy(best.counter);
            best = outcome;
        } else {
            counter_destroy(outcome.counter);
        }
    }
    show(&best);
    counter_destroy(best.counter);
    for (size_t i = 0; i < frame_count; i++)
        mem_free(frames[i].boxes);
    return 0;
}
