/* besra eval: what it measures is what can be worked out by hand, or what others measured. */
#include "tests/app/scenes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double number_of(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    if (!json_is_number(number))
        fail_msg("no number \"%s\"", key);
    return json_number_value(number);
}

/* The one object that a run wrote. */
static json_t *measured(struct run_result *run)
{
    expect_code(run, 0);
    assert_int_equal(record_count(run->out), 1);
    json_t *object = record_read(run->out, 0);
    run_free(run);
    return object;
}

/* ---- detect -------------------------------------------------------------------------------
 * Two scenes. In the first both things are where the truth has them. In the second the leaf is elsewhere: one
 * is missed and one found where nothing is. Berries: two of two, AP 1. Leaves: of equal scores the first
 * picture's comes first; precision is 1 up to recall 1/2, that is at 51 of 101 points. Each box is exact, so
 * that it is the same at all IoUs. */
static const double leaf_ap = 51.0 / 101;

#define COCO_HEAD                                                                                            \
    "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 64, \"height\": 64},"                    \
    " {\"id\": 2, \"file_name\": \"b.png\", \"width\": 64, \"height\": 64}],"                                \
    " \"categories\": [{\"id\": 5, \"name\": \"berry\"}, {\"id\": 9, \"name\": \"Green-Leaf\"}], "           \
    "\"annotations\": ["
#define COCO_BOX(picture, category, x, y)                                                                    \
    "{\"image_id\": " picture ", \"category_id\": " category ", \"bbox\": [" x ", " y                        \
    ", 16, 16], \"iscrowd\": 0, \"area\": 256}"

static void write_scenes(void)
{
    struct run_result run = run_shell("mkdir -p in yolo/labels voc/Annotations");
    expect_code(&run, 0);
    run_free(&run);
    scene_write("in/a.png");
    scene_write("in/b.png");
    text_write("coco.json",
               COCO_HEAD COCO_BOX("1", "5", "16", "16") "," COCO_BOX("1", "9", "32", "32") "," COCO_BOX(
                   "2", "5", "16", "16") "," COCO_BOX("2", "9", "0", "48") "]}");
    text_write("yolo/labels/a.txt", "0 0.375 0.375 0.25 0.25\n1 0.625 0.625 0.25 0.25\n");
    text_write("yolo/labels/b.txt", "0 0.375 0.375 0.25 0.25\n1 0.125 0.875 0.25 0.25\n");
    text_write("voc/Annotations/a.xml",
               "<annotation><size><width>64</width><height>64</height></size>"
               "<object><name>berry</name><bndbox><xmin>17</xmin><ymin>17</ymin><xmax>32</xmax><ymax>32</"
               "ymax></bndbox>"
               "</object><object><name>green leaf</name><bndbox><xmin>33</xmin><ymin>33</ymin><xmax>48</xmax>"
               "<ymax>48</ymax></bndbox></object></annotation>");
    text_write("voc/Annotations/b.xml",
               "<annotation><object><name>berry</name><bndbox><xmin>17</xmin><ymin>17</ymin><xmax>32</xmax>"
               "<ymax>32</ymax></bndbox></object><object><name>green "
               "leaf</name><bndbox><xmin>1</xmin><ymin>49</ymin>"
               "<xmax>16</xmax><ymax>64</ymax></bndbox></object></annotation>");
}

static void expect_scenes_measured(const json_t *object)
{
    const json_t *classes = json_object_get(object, "classes"), *at = json_object_get(object, "at");
    double        mean = (1 + leaf_ap) / 2;

    expect_keys(object,
                "model images truth map map_small map_medium map_large map50 map75 recall classes at");
    assert_string_equal(json_string_value(json_object_get(object, "model")), "berries");
    assert_int_equal(number_of(object, "images"), 2);
    assert_int_equal(number_of(object, "truth"), 4);
    assert_float_equal(number_of(object, "map"), mean, 1e-6);
    assert_float_equal(number_of(object, "map50"), mean, 1e-6);
    assert_float_equal(number_of(object, "map75"), mean, 1e-6);
    assert_float_equal(number_of(object, "map_small"), mean, 1e-6); /* all are of 16 x 16 */
    assert_true(json_is_null(json_object_get(object, "map_medium")));
    assert_float_equal(number_of(object, "recall"), 0.75, 1e-6);
    assert_int_equal(json_array_size(classes), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(classes, 1), "name")), "green leaf");
    assert_float_equal(number_of(json_array_get(classes, 0), "ap"), 1, 1e-6);
    assert_float_equal(number_of(json_array_get(classes, 1), "ap"), leaf_ap, 1e-6);
    assert_int_equal(number_of(json_array_get(classes, 1), "truth"), 2);
    assert_int_equal(number_of(at, "right"), 3);
    assert_int_equal(number_of(at, "confused"), 0);
    assert_int_equal(number_of(at, "missed"), 1);
    assert_int_equal(number_of(at, "extra"), 1);
    assert_float_equal(number_of(at, "score"), 0.25, 1e-6);
}

static void test_detections_are_measured_against_three_kinds_of_truth(void **state)
{
    (void)state;
    static const char *const truths[] = {"coco.json", "yolo", "yolo/labels", "voc", "voc/Annotations"};
    write_scenes();
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        struct run_result run = run_shell("$BESRA eval detect -m berries -q --json --truth %s in", truths[i]);
        json_t           *object = measured(&run);
        expect_scenes_measured(object);
        json_decref(object);
    }
}

static void test_threads_change_no_measure(void **state)
{
    (void)state;
    struct run_result one, four;
    write_scenes();
    one = run_shell("$BESRA eval detect -j 1 -m berries -q --json --worst 2 -t coco.json in");
    four = run_shell("$BESRA eval detect -j 4 -m berries -q --json --worst 2 -t coco.json in");
    assert_string_equal(one.out, four.out);
    run_free(&one);
    run_free(&four);
}

static void test_tables_and_the_worst_pictures_are_for_people(void **state)
{
    (void)state;
    struct run_result run;
    write_scenes();
    run = run_shell("$BESRA eval detect -m berries --worst 1 -t coco.json in");
    expect_code(&run, 0);
    expect_part(run.out, "berries: 2 pictures, 4 things of 2 classes\n");
    expect_part(run.out, "all            4  0.7525  0.7525  0.7525  0.7500\n");
    expect_part(run.out, "large          0       -       -       -       -\n");
    expect_part(run.out, "green leaf         2  0.5050  0.5050");
    expect_part(run.out,
                "at a score of 0.25 and an IoU of 0.5: 3 right, 0 taken for another class, 1 missed, 1 found "
                "where nothing is\n");
    expect_part(run.out, "0.500      1              0       1           1  in/b.png\n");
    expect_no_part(run.out, "in/a.png");
    expect_part(run.err, "2 of 2 pictures in");
    run_free(&run);
}

static void test_plots_are_drawings(void **state)
{
    (void)state;
    struct run_result run;
    write_scenes();
    run = run_shell("$BESRA eval detect -m berries -q -t coco.json --plots drawn in >/dev/null && xmllint "
                    "--noout drawn/*.svg "
                    "2>&1 || test $? = 127; cat drawn/*.svg");
    expect_code(&run, 0);
    expect_files("drawn", "confusion.svg\nprecision-recall.svg\n");
    expect_part(run.out, "<title>berry as berry: 2 of 2</title>");
    expect_part(run.out, "<title>green leaf as (nothing): 1 of 2</title>");
    expect_part(run.out, "<title>(nothing) as green leaf: 1 of 1</title>");
    expect_part(run.out, "green leaf 0.505</text>");
    expect_part(run.out, "mean 0.752</text>");
    run_free(&run);
    run = run_shell("$BESRA eval detect -m berries -q -t coco.json --plots drawn in");
    expect_code(&run, 1);
    expect_part(run.err, "drawn/precision-recall.svg: exists already");
    run_free(&run);
}

static void test_classes_asked_for_are_the_only_ones_that_count(void **state)
{
    (void)state;
    write_scenes();
    struct run_result run =
        run_shell("$BESRA eval detect -m berries -q --json --classes berry -t coco.json in");
    json_t *object = measured(&run);
    assert_float_equal(number_of(object, "map"), 1, 1e-6);
    assert_int_equal(number_of(object, "truth"), 2);
    json_decref(object);
}

static void test_what_the_truth_lacks_is_left_out_and_told(void **state)
{
    (void)state;
    struct run_result run;
    write_scenes();
    scene_write("in/c.png");
    text_write("in/d.png", "no picture");
    run = run_shell("$BESRA eval detect -m berries --json -t coco.json in/a.png in/b.png in/c.png");
    expect_part(run.err, "coco.json: says nothing of 1 of the 3 pictures; these are left out");
    json_t *object = measured(&run);
    expect_scenes_measured(object);
    json_decref(object);

    text_write("yolo/labels/d.txt", "0 0.5 0.5 0.5 0.5\n");
    run = run_shell("$BESRA eval detect -m berries --json -t yolo in/a.png in/b.png in/d.png");
    expect_code(&run, 1); /* a picture failed; the others are measured */
    expect_part(run.err, "in/d.png: ");
    expect_part(run.out, "\"images\":2,");
    run_free(&run);

    text_write("other.json",
               "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 128, \"height\": 64}],"
               " \"categories\": [{\"id\": 5, \"name\": \"berry\"}], \"annotations\": []}");
    run = run_shell("$BESRA eval detect -m berries -t other.json in/a.png");
    expect_code(&run, 0);
    expect_part(run.err, "1 pictures are of another size than the truth says");
    run_free(&run);
}

/* ---- classify ----------------------------------------------------------------------------- */

static void flat_write(const char *path, uint8_t blue, uint8_t green, uint8_t red)
{
    enum { SIDE = 64 };
    struct picture flat = {0};
    assert_int_equal(image_alloc(&flat.image, SIDE, SIDE, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            memcpy(image_row(&flat.image, y) + 3 * (size_t)x, (uint8_t[]){blue, green, red}, 3);
    picture_write(path, &flat);
    picture_free(&flat);
}

/* Three pictures, one of them with a wrong label. */
static void write_colours(void)
{
    struct run_result run = run_shell("mkdir -p in");
    expect_code(&run, 0);
    run_free(&run);
    flat_write("in/red.png", 0, 0, 255);
    flat_write("in/green.png", 0, 255, 0);
    flat_write("in/rose.png", 40, 40, 255);
    text_write("labels.csv", "file,class\nred.png,0\ngreen.png,GREEN\nrose.png,1\n");
}

#define COLOURS "-m $SOURCE/tests/app/data/colours.onnx"

static void test_classes_are_measured(void **state)
{
    (void)state;
    write_colours();
    struct run_result run =
        run_shell("$BESRA eval classify " COLOURS " -q --json --worst 5 -t labels.csv in");
    json_t       *object = measured(&run);
    const json_t *worst = json_object_get(object, "worst"), *classes = json_object_get(object, "classes");
    expect_keys(object, "model images top1 top5 classes worst");
    assert_int_equal(number_of(object, "images"), 3);
    assert_float_equal(number_of(object, "top1"), 200.0 / 3, 1e-6);
    assert_float_equal(number_of(object, "top5"), 100, 1e-6); /* there are but three */
    assert_int_equal(json_array_size(classes), 2);
    assert_float_equal(number_of(json_array_get(classes, 1), "top1"), 50, 1e-6);
    assert_int_equal(json_array_size(worst), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(worst, 0), "source")),
                        "in/rose.png");
    assert_int_equal(number_of(json_array_get(worst, 0), "truth"), 1);
    assert_int_equal(number_of(json_array_get(worst, 0), "class"), 0);
    json_decref(object);

    run = run_shell("$BESRA eval classify " COLOURS
                    " --worst 1 --plots drawn -t labels.csv in && cat drawn/*.svg");
    expect_code(&run, 0);
    expect_part(run.out, "colours: 3 pictures: top-1 66.67 %, top-5 100.00 %\n");
    expect_part(run.out, "green  in/rose.png\n");
    expect_part(run.out, "<title>green as red: 1 of 2</title>");
    run_free(&run);
}

/* ---- upscale ------------------------------------------------------------------------------
 * Made once by models/train/srcnn/measure.py (NumPy, PyTorch's bicubic, the net in OpenCV), measure_picture()
 * of assets/photos/chelsea.jpg: "srcnn", "bicubic", "bicubic_matlab". */
static void test_enlargements_are_measured_as_in_papers(void **state)
{
    (void)state;
    static const struct {
        int    factor;
        double psnr, bicubic, matlab;
    } rows[] = {{2, 34.9774, 35.1138, 34.9719}, {3, 33.0257, 32.8165, 32.7052}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_result run = run_shell(
            "$BESRA eval upscale -q --json -s %d $SOURCE/assets/photos/chelsea.jpg", rows[i].factor);
        json_t *object = measured(&run);
        expect_keys(
            object,
            "model images scale psnr ssim bicubic_psnr bicubic_ssim matlab_bicubic_psnr matlab_bicubic_ssim");
        assert_int_equal(number_of(object, "scale"), rows[i].factor);
        assert_float_equal(number_of(object, "psnr"), rows[i].psnr, 0.005);
        assert_float_equal(number_of(object, "bicubic_psnr"), rows[i].bicubic, 0.005);
        assert_float_equal(number_of(object, "matlab_bicubic_psnr"), rows[i].matlab, 0.005);
        assert_true(number_of(object, "ssim") > 0.8 && number_of(object, "ssim") < 1);
        json_decref(object);
    }
}

/* A net of colours that enlarges by itself: the picture, not its luma, is shrunk. */
static void test_a_net_that_enlarges_is_measured_at_its_own_factor(void **state)
{
    (void)state;
    struct run_result run = run_shell("$BESRA eval upscale -m $SOURCE/tests/app/data/double.onnx -q --json "
                                      "$SOURCE/assets/photos/chelsea.jpg");
    json_t           *object = measured(&run);
    assert_int_equal(number_of(object, "scale"), 2);
    assert_float_equal(number_of(object, "bicubic_psnr"), 35.104, 0.05); /* "bicubic_8bit", of rounded luma */
    assert_true(number_of(object, "psnr") > 20);
    json_decref(object);
}

/* ---- what can't be measured --------------------------------------------------------------- */

static void test_refusals_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
        int         code;
    } rows[] = {
        {"eval", "which? detect, upscale or classify", 2},
        {"eval detct in", "no such command; did you mean eval detect?", 2},
        {"eval detect -m berries in", "--truth: is needed: COCO's .json", 2},
        {"eval detect -m berries -t none.json in", "none.json: ", 3},
        {"eval detect -m berries -t in in", "in: says nothing of any of the 2 pictures", 2},
        {"eval detect -m berries -t in/a.png in", "is no JSON", 1},
        {"eval detect -m berries --output x -t coco.json in", "--output: not an option of eval detect", 2},
        {"eval classify in", "which? besra ships no classifier", 2},
        {"eval classify " COLOURS " in", "--truth: is needed: a table of files", 2},
        {"eval classify " COLOURS " -t coco.json in", "coco.json: says nothing of any of the 2 pictures", 2},
        {"eval upscale -s 2.5 in", "--scale: 2.5: pictures are measured at whole factors", 2},
        {"eval upscale -s 30 in", "64x64 pixels are too few to measure a factor of 30", 1},
    };
    write_scenes();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_result run = run_shell("$BESRA %s", rows[i].line);
        expect_part(run.err, rows[i].said);
        expect_code(&run, rows[i].code);
        run_free(&run);
    }
}

/* ---- the reference material --------------------------------------------------------------- */

/* Hundreds of pictures take minutes with sanitizers. */
static void skip_when_sanitized(const char *what)
{
#ifdef BESRA_SANITIZED
    printf("SKIPPED: %s takes minutes with sanitizers; the suite as it ships has it\n", what);
    skip();
#else
    (void)what;
#endif
}

/* mAP of the reference's own detections, by COCO's counting: 0.2874 and 0.4586 (PyTorch). */
static void test_yolov5n_scores_on_coco_what_pytorch_scores(void **state)
{
    (void)state;
    static const char *const models[] = {"models/yolov5/yolov5n.onnx", "models/yolov5/yolov5n-heads.onnx"};
    skip_when_sanitized("mAP on 128 pictures");
    char *folder = shared_path("coco/val128");
    for (size_t i = 0; folder && i < sizeof models / sizeof *models; i++) {
        char *model = shared_path(models[i]);
        if (!model)
            break;
        struct run_result run = run_shell(
            "$BESRA eval detect -q --json -m %s --truth %s/instances.json %s/images", model, folder, folder);
        json_t *object = measured(&run);
        printf("%s: mAP %.4f, at IoU 0.5 %.4f\n", models[i], number_of(object, "map"),
               number_of(object, "map50"));
        assert_int_equal(number_of(object, "images"), 128);
        assert_float_equal(number_of(object, "map"), 0.2874, 0.001);
        assert_float_equal(number_of(object, "map50"), 0.4586, 0.001);
        json_decref(object);
        free(model);
    }
    if (!folder)
        skip();
    free(folder);
}

/* What ONNX Runtime gets, to a picture of 300. */
static void test_classifiers_score_what_onnx_runtime_scores(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        double      top1, top5, tolerance;
    } rows[] = {{"models/classify/mobilenet_v2.onnx", 77.00, 91.67, 0.34},
                {"models/classify/squeezenet1_1.onnx", 63.00, 85.67, 0.34},
                {"models/classify/mobilenet_v2_qdq.onnx", 39.00, 89.33, 1}};
    skip_when_sanitized("top-1 of 300 pictures");
    char *folder = shared_path("classify");
    for (size_t i = 0; folder && i < sizeof rows / sizeof *rows; i++) {
        char *model = shared_path(rows[i].model);
        if (!model)
            break;
        struct run_result run = run_shell(
            "$BESRA eval classify -q --json -m %s --truth %s/labels.csv %s/images", model, folder, folder);
        json_t *object = measured(&run);
        printf("%s: top-1 %.2f, top-5 %.2f\n", rows[i].model, number_of(object, "top1"),
               number_of(object, "top5"));
        assert_int_equal(number_of(object, "images"), 300);
        assert_float_equal(number_of(object, "top1"), rows[i].top1, rows[i].tolerance);
        assert_float_equal(number_of(object, "top5"), rows[i].top5, rows[i].tolerance);
        json_decref(object);
        free(model);
    }
    if (!folder)
        skip();
    free(folder);
}

/* What the card of our SRCNN says, which PyTorch and OpenCV measured. The small picture here has no luma
 * below black, which gives bicubic a hundredth more. */
static void test_srcnn_scores_what_its_card_says(void **state)
{
    (void)state;
    char *set5 = shared_path("train/sr/Set5");
    if (!set5)
        skip();
    struct run_result run = run_shell("$BESRA eval upscale -q --json -s 3 %s", set5);
    json_t           *object = measured(&run);
    assert_int_equal(number_of(object, "images"), 5);
    assert_float_equal(number_of(object, "psnr"), 32.02, 0.01);
    assert_float_equal(number_of(object, "bicubic_psnr"), 30.61, 0.01);
    assert_float_equal(number_of(object, "matlab_bicubic_psnr"), 30.39, 0.01);
    json_decref(object);
    free(set5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_detections_are_measured_against_three_kinds_of_truth),
        IN_SCRATCH(test_threads_change_no_measure),
        IN_SCRATCH(test_tables_and_the_worst_pictures_are_for_people),
        IN_SCRATCH(test_plots_are_drawings),
        IN_SCRATCH(test_classes_asked_for_are_the_only_ones_that_count),
        IN_SCRATCH(test_what_the_truth_lacks_is_left_out_and_told),
        IN_SCRATCH(test_classes_are_measured),
        IN_SCRATCH(test_enlargements_are_measured_as_in_papers),
        IN_SCRATCH(test_a_net_that_enlarges_is_measured_at_its_own_factor),
        IN_SCRATCH(test_refusals_say_what_to_do),
        IN_SCRATCH(test_yolov5n_scores_on_coco_what_pytorch_scores),
        IN_SCRATCH(test_classifiers_score_what_onnx_runtime_scores),
        IN_SCRATCH(test_srcnn_scores_what_its_card_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
