/* The reference detections of yolov5n on 128 pictures of COCO score what ../shared/README.md says. */
#include "postprocess/average_precision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { CLASSES = 80 };

static json_t *load(const char *name)
{
    const char *folder = getenv("BESRA_SHARED");
    char        path[4096];
    if (!folder)
        return NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return json_load_file(path, 0, NULL);
}

static double number_at(const json_t *array, size_t index)
{
    return json_number_value(json_array_get(array, index));
}

static long integer_of(const json_t *object, const char *key)
{
    return (long)json_integer_value(json_object_get(object, key));
}

/* COCO's category numbers have gaps; a class is the place in the list. */
static int class_of(const json_t *instances, long category)
{
    const json_t *categories = json_object_get(instances, "categories");
    for (size_t i = 0; i < json_array_size(categories); i++)
        if (integer_of(json_array_get(categories, i), "id") == category)
            return (int)i;
    return -1;
}

static size_t read_truths(struct ap_truth **out, const json_t *instances)
{
    const json_t *annotations = json_object_get(instances, "annotations");
    size_t        count = json_array_size(annotations);
    *out = calloc(count, sizeof(**out));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(annotations, i), *box = json_object_get(item, "bbox");
        (*out)[i] = (struct ap_truth){.picture = (int)integer_of(item, "image_id"),
                                      .class_index = class_of(instances, integer_of(item, "category_id")),
                                      .x1 = number_at(box, 0),
                                      .y1 = number_at(box, 1),
                                      .x2 = number_at(box, 0) + number_at(box, 2),
                                      .y2 = number_at(box, 1) + number_at(box, 3),
                                      .crowd = integer_of(item, "iscrowd") != 0};
    }
    return count;
}

static size_t read_found(struct ap_found **out, json_t *reference)
{
    size_t      count = 0;
    const char *name;
    json_t     *picture;
    *out = NULL;
    json_object_foreach(reference, name, picture)
    {
        const json_t *detections = json_object_get(picture, "detections");
        *out = realloc(*out, (count + json_array_size(detections) + 1) * sizeof(**out));
        for (size_t i = 0; i < json_array_size(detections); i++) {
            const json_t *item = json_array_get(detections, i), *box = json_object_get(item, "box");
            (*out)[count++] = (struct ap_found){.picture = (int)strtol(name, NULL, 10),
                                                .class_index = (int)integer_of(item, "class"),
                                                .x1 = number_at(box, 0),
                                                .y1 = number_at(box, 1),
                                                .x2 = number_at(box, 2),
                                                .y2 = number_at(box, 3),
                                                .score = json_number_value(json_object_get(item, "score"))};
        }
    }
    return count;
}

static void test_yolov5n_scores_what_its_reference_says(void **state)
{
    (void)state;
    json_t *instances = load("coco/val128/instances.json");
    json_t *reference = load("reference/yolov5n_val128_eval.json");
    if (!instances || !reference) {
        fprintf(stderr, "skipped: average precision on COCO, BESRA_SHARED has no coco/val128\n");
        json_decref(instances);
        json_decref(reference);
        skip();
    }
    struct ap_truth *truths;
    struct ap_found *found;
    struct ap_score  mean;
    size_t           truth_count = read_truths(&truths, instances);
    size_t           found_count = read_found(&found, reference);
    assert_int_equal(average_precision(&mean, NULL, CLASSES, truths, truth_count, found, found_count, NULL),
                     BSR_OK);
    assert_float_equal(mean.ap, 0.2874, 0.00005);
    assert_float_equal(mean.ap50, 0.4586, 0.00005);
    free(truths);
    free(found);
    json_decref(instances);
    json_decref(reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_yolov5n_scores_what_its_reference_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
