/* besra's detections against those of PyTorch (YOLOv5n on pictures that OpenCV decoded and resized): every
 * one has a partner of the same class with IoU >= 0.98 and a score within 0.01, both ways, for all but 1 % of
 * them; those are listed with their cause. The reference material says how it was made. */
#include "tests/app/run_program.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_UNMATCHED 0.01 /* of all detections, both ways */
#define THRESHOLD     0.25
#define NMS_IOU       0.45

/* Of a folder of many pictures: all, or every 16th where sanitizers make a picture take seconds. */
#ifdef BESRA_SANITIZED
enum { EVERY = 16 };
#else
enum { EVERY = 1 };
#endif

/* How near a partner must be. */
struct tolerance {
    double iou, score;
};
static const struct tolerance f32 = {0.98, 0.01}, f16 = {0.95, 0.02};

struct box {
    double at[4], score;
    int    class_index;
};

static struct box read_box(const json_t *object)
{
    struct box box = {.class_index = (int)json_integer_value(json_object_get(object, "class")),
                      .score = json_number_value(json_object_get(object, "score"))};
    for (size_t i = 0; i < 4; i++)
        box.at[i] = json_number_value(json_array_get(json_object_get(object, "box"), i));
    return box;
}

static double area(const double *at)
{
    return fmax(at[2] - at[0], 0) * fmax(at[3] - at[1], 0);
}

static double iou(const struct box *a, const struct box *b)
{
    double common[4] = {fmax(a->at[0], b->at[0]), fmax(a->at[1], b->at[1]), fmin(a->at[2], b->at[2]),
                        fmin(a->at[3], b->at[3])};
    double both = area(common), all = area(a->at) + area(b->at) - both;
    return all > 0 ? both / all : 1;
}

/* Why a detection has no partner among `others`, told from the one of its class that is nearest. */
static const char *cause_of(const struct box *box, const json_t *others, struct tolerance near)
{
    double  best = 0, gap = 1;
    size_t  i;
    json_t *object;
    json_array_foreach(others, i, object)
    {
        struct box other = read_box(object);
        if (other.class_index != box->class_index || iou(box, &other) <= best)
            continue;
        best = iou(box, &other);
        gap = fabs(other.score - box->score);
    }
    if (best < NMS_IOU && fabs(box->score - THRESHOLD) < 2 * near.score)
        return "its score is at the threshold";
    if (best < near.iou && gap < 2 * near.score)
        return "NMS tie: a neighbour of nearly the same score was kept instead";
    return best >= NMS_IOU ? "rounding of the resize moved its box or score" : "other";
}

static size_t list_unmatched(const char *picture, const char *side, const json_t *boxes, const json_t *others,
                             struct tolerance near)
{
    size_t  unmatched = 0, i, k;
    json_t *object, *candidate;
    json_array_foreach(boxes, i, object)
    {
        struct box box = read_box(object);
        bool       matched = false;
        json_array_foreach(others, k, candidate)
        {
            struct box other = read_box(candidate);
            matched = matched || (other.class_index == box.class_index && iou(&box, &other) >= near.iou &&
                                  fabs(other.score - box.score) <= near.score);
        }
        if (matched)
            continue;
        unmatched++;
        printf("  %s: only in %s: class %d, score %.4f, box %.1f %.1f %.1f %.1f: %s\n", picture, side,
               box.class_index, box.score, box.at[0], box.at[1], box.at[2], box.at[3],
               cause_of(&box, others, near));
    }
    return unmatched;
}

static void compare(const char *model_name, const char *letterbox, const char *folder_name,
                    const char *reference_name, struct tolerance near)
{
    char *model = shared_path(model_name), *folder = shared_path(folder_name),
         *path = shared_path(reference_name);
    if (!model || !folder || !path)
        skip();
    json_t *reference = json_load_file(path, 0, NULL);
    assert_non_null(reference);

    int every = json_object_size(reference) > 2 * EVERY ? EVERY : 1;
    if (every > 1)
        printf("SAMPLED: every %dth picture of %s, since this build is slow\n", every, folder_name);
    struct run_result run =
        run_shell("$BESRA detect -q --no-image --json --shard 1/%d --letterbox %s -m %s %s", every, letterbox,
                  model, folder);
    if (run.code != 0)
        printf("%s", run.err);
    assert_int_equal(run.code, 0);

    size_t pictures = 0, total = 0, unmatched = 0;
    char  *rest = run.out;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        json_t     *record = json_loads(line, 0, NULL);
        const char *source = json_string_value(json_object_get(record, "source"));
        const char *name = strrchr(source, '/') + 1;
        json_t     *wanted = json_object_get(json_object_get(reference, name), "detections");
        json_t     *found = json_object_get(record, "detections");
        if (wanted) {
            unmatched += list_unmatched(name, "besra", found, wanted, near);
            unmatched += list_unmatched(name, "reference", wanted, found, near);
            total += json_array_size(found) + json_array_size(wanted);
            pictures++;
        } else {
            printf("  %s has no reference\n", name);
        }
        json_decref(record);
    }
    printf("%s, %s, %s: %zu of %zu detections without a partner (%.2f %%)\n", model_name, letterbox,
           folder_name, unmatched, total, 100.0 * (double)unmatched / (double)total);
    assert_int_equal(pictures, (json_object_size(reference) + (size_t)every - 1) / (size_t)every);
    assert_true((double)unmatched <= MAX_UNMATCHED * (double)total);
    json_decref(reference);
    run_free(&run);
    free(model);
    free(folder);
    free(path);
}

static void test_decoded_export_square(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n.onnx", "square", "coco/val128/images",
            "reference/yolov5n_val128_square.json", f32);
}

static void test_raw_heads_square(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n-heads.onnx", "square", "coco/val128/images",
            "reference/yolov5n_val128_square.json", f32);
}

static void test_raw_heads_rect(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n-heads.onnx", "rect", "coco/val128/images",
            "reference/yolov5n_val128_rect.json", f32);
}

static void test_five_dimensional_heads(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n-heads5d.onnx", "square", "images", "reference/yolov5n_images_square.json",
            f32);
}

static void test_classic_pictures(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n.onnx", "square", "images", "reference/yolov5n_images_square.json", f32);
    compare("models/yolov5/yolov5n-heads.onnx", "square", "images", "reference/yolov5n_images_square.json",
            f32);
    compare("models/yolov5/yolov5n-heads.onnx", "rect", "images", "reference/yolov5n_images_rect.json", f32);
}

static void test_dynamic_export(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n-dynamic.onnx", "square", "coco/val128/images",
            "reference/yolov5n_val128_square.json", f32);
    compare("models/yolov5/yolov5n-dynamic.onnx", "rect", "coco/val128/images",
            "reference/yolov5n_val128_rect.json", f32);
}

static void test_decoded_export_rect(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n.onnx", "rect", "coco/val128/images", "reference/yolov5n_val128_rect.json",
            f32);
}

static void test_half_precision_export(void **state)
{
    (void)state;
    compare("models/yolov5/yolov5n-fp16.onnx", "square", "coco/val128/images",
            "reference/yolov5n_val128_square.json", f16);
}

static void test_yolov8(void **state)
{
    (void)state;
    compare("models/yolov8n.onnx", "square", "images", "reference/yolov8n_images_square.json", f32);
    compare("models/yolov8n.onnx", "square", "coco/val128/images", "reference/yolov8n_val128_square.json",
            f32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoded_export_square),
        cmocka_unit_test(test_raw_heads_square),
        cmocka_unit_test(test_raw_heads_rect),
        cmocka_unit_test(test_five_dimensional_heads),
        cmocka_unit_test(test_classic_pictures),
        cmocka_unit_test(test_dynamic_export),
        cmocka_unit_test(test_decoded_export_rect),
        cmocka_unit_test(test_half_precision_export),
        cmocka_unit_test(test_yolov8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
