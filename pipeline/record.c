#include "pipeline/record.h"

#include "base/alloc.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { DIGITS = 9 }; /* significant ones: a float is told apart from its neighbours */

/* Length of the UTF-8 character at `text`, 0 when there is none (RFC 3629: no surrogates, nothing overlong).
 */
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool outside = (text[0] == 0xED && text[1] >= 0xA0) || (text[0] == 0xF4 && text[1] >= 0x90);
    return overlong || outside ? 0 : length;
}

/* A JSON string of a text that may hold any bytes. */
static json_t *any_text(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    struct bytes clean = {0};
    while (*text) {
        size_t length = utf8_length((const unsigned char *)text);
        bytes_append(&clean, length ? text : "\xEF\xBF\xBD", length ? length : 3);
        text += length ? length : 1;
    }
    string = clean.failed ? NULL : json_string(bytes_text(&clean));
    bytes_free(&clean);
    return string;
}

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
    bool    done = put(record, "source", any_text(head->source));
    if (head->width > 0)
        done = done && put(record, "width", json_integer(head->width)) &&
               put(record, "height", json_integer(head->height));
    done =
        done && put(record, "model", any_text(head->model)) && put(record, "task", json_string(head->task));
    if (done)
        return record;
    json_decref(record);
    return NULL;
}

static json_t *detection_object(const struct detection *found, const char *name)
{
    json_t *object =
        json_pack("{s:i,s:o,s:f,s:[f,f,f,f]}", "class", found->class_index, "name", any_text(name), "score",
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
        json_pack("{s:o,s:i,s:i}", "path", any_text(output), "width", out_width, "height", out_height);
    return append_line(out, complete(head_object(head), "output", made, &head->timing), err);
}

bsr_status record_failure(struct bytes *out, const struct record_head *head, const struct bsr_error *failure,
                          struct bsr_error *err)
{
    json_t *record = head_object(head);
    json_t *object =
        json_pack("{s:s,s:o}", "code", bsr_status_name(failure->code), "message", any_text(failure->message));
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
