#include "pipeline/record.h"

#include "base/alloc.h"
#include "pipeline/json_text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { DIGITS = 9 }; /* significant ones: a float is told apart from its neighbours */

static double round_ms(double ms)
{
    return round(ms * 1000) / 1000;
}

static json_t *timing_object(const struct timing *timing)
{
    return json_pack("{s:f,s:f,s:f,s:f,s:f}", "decode", round_ms(timing->decode), "pre",
                     round_ms(timing->pre), "net", round_ms(timing->net), "post", round_ms(timing->post),
                     "encode", round_ms(timing->encode));
}

/* Puts `value` (taken over, also on failure) under `key`. False when memory ran out, also for a NULL value.
 */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *head_object(const struct record_head *head)
{
    json_t *record = json_object();
    bool    done = put(record, "source", json_text(head->source));
    if (head->width > 0)
        done = done && put(record, "width", json_integer(head->width)) &&
               put(record, "height", json_integer(head->height));
    done =
        done && put(record, "model", json_text(head->model)) && put(record, "task", json_string(head->task));
    if (done)
        return record;
    json_decref(record);
    return NULL;
}

static json_t *detection_object(const struct detection *found, const char *name)
{
    json_t *object =
        json_pack("{s:i,s:o,s:f,s:[f,f,f,f]}", "class", found->class_index, "name", json_text(name), "score",
                  found->score, "box", found->x1, found->y1, found->x2, found->y2);
    return object;
}

/* Appends the record (taken over; NULL when memory ran out before) as a line. */
static bsr_status append_line(struct bytes *out, json_t *record, struct bsr_error *err)
{
    char *text = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    json_decref(record);
    if (text) {
        bytes_append_text(out, text);
        bytes_append_text(out, "\n");
    }
    bool done = text && !out->failed;
    free(text);
    return done ? BSR_OK : bsr_fail_memory(err, NULL, 0);
}

/* The record with `key` and the timing added, or NULL (all released). */
static json_t *complete(json_t *record, const char *key, json_t *value, const struct timing *timing)
{
    bool done = record != NULL;
    if (done)
        done = put(record, key, value);
    else
        json_decref(value);
    if (done && put(record, "ms", timing_object(timing)))
        return record;
    json_decref(record);
    return NULL;
}

bsr_status record_detections(struct bytes *out, const struct record_head *head,
                             const struct detections *found, const struct detector *detector,
                             struct bsr_error *err)
{
    json_t *list = json_array();
    bool    done = list != NULL;
    for (size_t i = 0; done && i < found->count; i++) {
        const struct detection *item = &found->items[i];
        done = json_array_append_new(
                   list, detection_object(item, detector_class_name(detector, item->class_index))) == 0;
    }
    if (!done) {
        json_decref(list);
        return bsr_fail_memory(err, head->source, 0);
    }
    return append_line(out, complete(head_object(head), "detections", list, &head->timing), err);
}

bsr_status record_upscaled(struct bytes *out, const struct record_head *head, const char *output,
                           int out_width, int out_height, struct bsr_error *err)
{
    json_t *made =
        json_pack("{s:o,s:i,s:i}", "path", json_text(output), "width", out_width, "height", out_height);
    return append_line(out, complete(head_object(head), "output", made, &head->timing), err);
}

bsr_status record_classes(struct bytes *out, const struct record_head *head, const struct class_score *best,
                          size_t count, const struct classifier *classifier, struct bsr_error *err)
{
    json_t *list = json_array();
    bool    done = list != NULL;
    for (size_t i = 0; done && i < count; i++) {
        char        space[32];
        const char *name = classifier_class_name(classifier, best[i].class_index, space);
        json_t     *object = json_pack("{s:i,s:o,s:f}", "class", best[i].class_index, "name", json_text(name),
                                       "score", (double)best[i].score);
        done = json_array_append_new(list, object) == 0;
    }
    if (!done) {
        json_decref(list);
        return bsr_fail_memory(err, head->source, 0);
    }
    return append_line(out, complete(head_object(head), "classes", list, &head->timing), err);
}

bsr_status record_failure(struct bytes *out, const struct record_head *head, const struct bsr_error *failure,
                          struct bsr_error *err)
{
    json_t *record = head_object(head);
    json_t *object = json_pack("{s:s,s:o}", "code", bsr_status_name(failure->code), "message",
                               json_text(failure->message));
    if (!record || !put(record, "error", object)) {
        json_decref(record);
        record = NULL;
    }
    return append_line(out, record, err);
}

bsr_status record_yolo_labels(struct bytes *out, const struct detections *found, int width, int height,
                              bool with_score, struct bsr_error *err)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct detection *item = &found->items[i];
        bytes_append_format(out, "%d %.6f %.6f %.6f %.6f", item->class_index,
                            (item->x1 + item->x2) / 2 / width, (item->y1 + item->y2) / 2 / height,
                            (item->x2 - item->x1) / width, (item->y2 - item->y1) / height);
        if (with_score)
            bytes_append_format(out, " %.6f", item->score);
        bytes_append_text(out, "\n");
    }
    return out->failed ? bsr_fail_memory(err, NULL, out->size) : BSR_OK;
}
