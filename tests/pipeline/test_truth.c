/* Truths as others write them down: read as they mean it, refused with the place, damaged ones without harm.
 */
#include "pipeline/truth_build.h"

#include "../config/mutate.h"
#include "base/alloc.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef int fuzz_target(const uint8_t *data, size_t size);
fuzz_target fuzz_truth;

static struct source        items[] = {{(char[]){"in/a.jpg"}, (char[]){"a.jpg"}, true},
                                       {(char[]){"in/trip/b.jpg"}, (char[]){"trip/b.jpg"}, true}};
static const struct sources sources = {.items = items, .count = 2, .capacity = 2};

static const char *const          names[] = {"berry", "green leaf", "hawk"};
static const struct truth_classes named = {.names = names, .count = 3, .named = true};

/* Each test has a folder of its own as the current one. */
static int enter(void **state)
{
    char *folder = strdup("/tmp/besra-test-XXXXXX");
    *state = folder;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int code = chdir("/") | system(command); /* NOLINT(cert-env33-c) */
    free(*state);
    return code;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), true, false, NULL), BSR_OK);
}

static void expect_box(const struct truth_box *box, int class_index, double x1, double y1, double x2,
                       double y2)
{
    assert_int_equal(box->class_index, class_index);
    assert_float_equal(box->x1, x1, 1e-9);
    assert_float_equal(box->y1, y1, 1e-9);
    assert_float_equal(box->x2, x2, 1e-9);
    assert_float_equal(box->y2, y2, 1e-9);
}

static const char coco[] =
    "{\"images\": [{\"id\": 7, \"file_name\": \"b.jpg\", \"width\": 64, \"height\": 48},"
    " {\"id\": 3, \"file_name\": \"a.jpg\"}, {\"id\": 9, \"file_name\": \"c.jpg\"}],"
    " \"annotations\": [{\"image_id\": 7, \"category_id\": 18, \"bbox\": [1, 2, 30, 4.5], \"iscrowd\": 0, "
    "\"area\": 99},"
    " {\"image_id\": 3, \"category_id\": 1, \"bbox\": [5, 6, 7, 8], \"iscrowd\": 1},"
    " {\"image_id\": 7, \"category_id\": 2, \"bbox\": [0, 0, 1, 1]},"
    " {\"image_id\": 9, \"category_id\": 1, \"bbox\": [0, 0, 1, 1]}],"
    " \"categories\": [{\"id\": 18, \"name\": \"Green_Leaf\"}, {\"id\": 1, \"name\": \"hawk\"},"
    " {\"id\": 2, \"name\": \"owl\"}]}";

static void test_coco_is_read_by_the_names_of_classes_and_files(void **state)
{
    (void)state;
    struct truth truth = {0};
    struct bytes notes = {0};
    put("t.json", coco);
    assert_int_equal(truth_read(&truth, "t.json", &sources, &named, &notes, NULL), BSR_OK);
    assert_int_equal(truth.count, 2);
    assert_int_equal(truth.box_count, 2);
    assert_int_equal(truth.pictures[0].count, 1);
    expect_box(&truth.boxes[truth.pictures[0].first], 2, 5, 6, 12, 14);
    assert_true(truth.boxes[0].crowd);
    assert_true(truth.pictures[1].known && !truth.pictures[1].in_parts);
    assert_int_equal(truth.pictures[1].width, 64);
    assert_int_equal(truth.pictures[1].height, 48);
    expect_box(&truth.boxes[truth.pictures[1].first], 1, 1, 2, 31, 6.5);
    assert_float_equal(truth.boxes[1].area, 99, 0);
    assert_non_null(strstr(bytes_text(&notes), "the model does not know 'owl': 1 boxes are left out"));
    assert_non_null(strstr(bytes_text(&notes), "1 of its 3 pictures are not among the inputs"));
    bytes_free(&notes);
    truth_free(&truth);
}

static void test_classes_of_other_names_are_taken_in_their_order(void **state)
{
    (void)state;
    static const char *const   strangers[] = {"one", "two", "three"};
    const struct truth_classes others = {.names = strangers, .count = 3, .named = true};
    const struct truth_classes fewer = {.names = strangers, .count = 2, .named = true};
    struct truth               truth = {0};
    struct bytes               notes = {0};
    struct bsr_error           err;
    put("t.json", coco);
    assert_int_equal(truth_read(&truth, "t.json", &sources, &others, &notes, NULL), BSR_OK);
    assert_int_equal(truth.box_count, 3);
    assert_int_equal(truth.boxes[0].class_index, 1);
    assert_int_equal(truth.boxes[1].class_index, 0);
    assert_int_equal(truth.boxes[2].class_index, 2);
    assert_non_null(strstr(bytes_text(&notes), "by their order ('one' for 'Green_Leaf' and so on)"));
    truth_free(&truth);
    assert_int_equal(truth_read(&truth, "t.json", &sources, &fewer, NULL, &err), BSR_EUSAGE);
    assert_non_null(strstr(err.message, "none of its 3 classes ('Green_Leaf' ...) is one of the model's 2"));
    assert_null(truth.boxes);
    bytes_free(&notes);
}

static void test_yolo_is_read_beside_and_below(void **state)
{
    (void)state;
    struct truth truth = {0};
    struct bytes notes = {0};
    assert_int_equal(mkdir("t", 0700) | mkdir("t/labels", 0700) | mkdir("t/labels/trip", 0700), 0);
    put("t/labels/a.txt", "2 0.5 0.5 0.25 0.5\r\n\n0 0 0 0.5 0 0.5 0.25 0 0.25\n");
    put("t/labels/trip/b.txt", "1.0 0.25 0.25 0.5 0.5 0.875");
    assert_int_equal(truth_read(&truth, "t", &sources, &named, &notes, NULL), BSR_OK);
    assert_true(truth.pictures[0].in_parts);
    assert_int_equal(truth.pictures[0].count, 2);
    expect_box(&truth.boxes[0], 2, 0.375, 0.25, 0.625, 0.75);
    expect_box(&truth.boxes[1], 0, 0, 0, 0.5, 0.25);
    assert_float_equal(truth.boxes[1].area, 0.125, 1e-12);
    expect_box(&truth.boxes[2], 1, 0, 0, 0.5, 0.5);
    assert_int_equal(notes.size, 0);
    truth_free(&truth);

    assert_int_equal(unlink("t/labels/trip/b.txt"), 0);
    put("t/labels/classes.txt", "hawk\nberry\ngreen leaf\n"); /* another order than the model's */
    assert_int_equal(truth_read(&truth, "t", &sources, &named, &notes, NULL), BSR_OK);
    assert_int_equal(truth.boxes[0].class_index, 1);
    assert_int_equal(truth.boxes[1].class_index, 2);
    assert_int_equal(truth.pictures[1].count, 0);
    assert_true(truth.pictures[1].known);
    assert_non_null(
        strstr(bytes_text(&notes), "1 of the 2 pictures have no file there: taken to show nothing"));
    bytes_free(&notes);
    truth_free(&truth);
}

#define VOC_OBJECT(more)                                                                                     \
    "<annotation><size><width>64</width><height>48</height></size><object><name>hawk</name>" more            \
    "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>20.5</ymax></bndbox></object></annotation>"

static void test_voc_is_read_with_what_is_difficult(void **state)
{
    (void)state;
    struct truth truth = {0};
    struct bytes notes = {0};
    assert_int_equal(mkdir("t", 0700) | mkdir("t/Annotations", 0700), 0);
    put("t/Annotations/a.xml",
        "<?xml version=\"1.0\"?>\n" VOC_OBJECT("<difficult>1</difficult><part><name>head</name>"
                                               "<bndbox><xmin>9</xmin></bndbox></part>"));
    assert_int_equal(truth_read(&truth, "t", &sources, &named, &notes, NULL), BSR_OK);
    assert_int_equal(truth.box_count, 1);
    expect_box(&truth.boxes[0], 2, 0, 1, 10, 20.5);
    assert_true(truth.boxes[0].ignored);
    assert_int_equal(truth.pictures[0].width, 64);
    assert_false(truth.pictures[1].known);
    assert_non_null(strstr(bytes_text(&notes), "says nothing of 1 of the 2 pictures; these are left out"));
    bytes_free(&notes);
    truth_free(&truth);
}

/* What is wrong is said with its place; the truth stays as it was. */
static void test_broken_truths_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text, *message;
    } rows[] = {
        {"t.json", "{", "is no JSON"},
        {"t.json", "[]", "is no truth of COCO's kind: it has no list \"images\""},
        {"t.json", "{\"images\": [{}], \"annotations\": [], \"categories\": []}",
         "images[0]: needs a number \"id\""},
        {"t.json", "{\"images\": [], \"annotations\": [], \"categories\": [{\"id\": 1}]}",
         "categories[0]: needs"},
        {"t.json", "{\"images\": [], \"annotations\": [], \"categories\": []}",
         "says nothing of any of the 2 pictures"},
        {"t.json",
         "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"annotations\": [{\"image_id\": 1, "
         "\"category_id\": 5}],"
         " \"categories\": [{\"id\": 1, \"name\": \"hawk\"}]}",
         "annotations[0]: \"category_id\" is none of the categories'"},
        {"t.json",
         "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"annotations\": [{\"image_id\": 1, "
         "\"category_id\": 1,"
         " \"bbox\": [1, 2, -3, 4]}], \"categories\": [{\"id\": 1, \"name\": \"hawk\"}]}",
         "annotations[0]: needs \"bbox\""},
        {"t/a.txt", "0 0.5 0.5\n", "line 1 is neither"},
        {"t/a.txt", "\n0 0.5 0.5 nan 0.5\n", "line 2 is neither"},
        {"t/a.txt", "0 320 240 64 48\n", "line 1 has numbers beyond 0 to 1"},
        {"t/a.txt", "1.5 0.5 0.5 0.5 0.5\n", "line 1 does not begin with a class"},
        {"t/a.txt", "3 0.5 0.5 0.5 0.5\n", "has a class 3; the model has 3, from 0 to 2"},
        {"v/a.xml", "<annotation><object>", "is no XML"},
        {"v/a.xml", "<html/>", "does not begin with <annotation>"},
        {"v/a.xml", "<!DOCTYPE annotation><annotation/>", "a document type is not expected"},
        {"v/a.xml", "<annotation>\n<object><name>hawk</name></object></annotation>",
         "line 2: an object needs"},
        {"v/a.xml", "<annotation><object><bndbox><xmin>x</xmin></bndbox></object></annotation>",
         "no number: x"},
        {"v/a.xml",
         "<annotation><object><name>owl</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</"
         "ymax></bndbox>"
         "</object></annotation>",
         "none of its 1 classes ('owl' ...) is one of the model's 3"},
    };
    assert_int_equal(mkdir("t", 0700) | mkdir("v", 0700), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct truth     truth = {0};
        struct bsr_error err = {0};
        char             folder[2] = {rows[i].path[0], '\0'};
        put(rows[i].path, rows[i].text);
        assert_true(truth_read(&truth, rows[i].path[1] == '/' ? folder : rows[i].path, &sources, &named, NULL,
                               &err) < 0);
        if (!strstr(err.message, rows[i].message))
            fail_msg("\"%s\" instead of \"%s\"", err.message, rows[i].message);
        assert_null(truth.pictures);
    }
}

static void test_tables_of_classes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int         a, b;
    } rows[] = {
        {"file,class\na.jpg,2\ntrip/b.jpg,0\n", 2, 0},
        {"a.jpg,1\nb.jpg,\"green leaf\"\n", 1, 1},
        {"picture,name,more\r\n\"a.jpg\",HAWK,x\r\n\r\nelsewhere/c.jpg,1,\"y,\"\"z\"", 2, -1},
        {"./trip/b.jpg,berry", -1, 0},
    };
    static const struct {
        const char *text, *message;
    } broken[] = {
        {"file,class\na.jpg,owl\n",
         "line 2: 'owl' is no class of the model: it has 3, by name or number from 0 on"},
        {"a.jpg,2\na.jpg,3\n", "line 2: '3' is no class"},
        {"a.jpg\n", "line 1: is not \"file,class\""},
        {"a.jpg,2\n\"b.jpg,2\n", "line 2: is not \"file,class\""},
        {"file,class\n", "says nothing of any of the 2 pictures"},
    };
    int              labels[2];
    struct bsr_error err;
    for (size_t i = 0; i < COUNT(rows); i++) {
        put("t.csv", rows[i].text);
        assert_int_equal(truth_read_labels(labels, "t.csv", &sources, &named, NULL, NULL), BSR_OK);
        assert_int_equal(labels[0], rows[i].a);
        assert_int_equal(labels[1], rows[i].b);
    }
    for (size_t i = 0; i < COUNT(broken); i++) {
        put("t.csv", broken[i].text);
        assert_true(truth_read_labels(labels, "t.csv", &sources, &named, NULL, &err) < 0);
        if (!strstr(err.message, broken[i].message))
            fail_msg("\"%s\" instead of \"%s\"", err.message, broken[i].message);
    }
    assert_int_equal(truth_read_labels(labels, "none.csv", &sources, &named, NULL, &err), BSR_EMISSING);
}

/* Of files of one name in different folders the folder tells which. */
static void test_sources_are_found_by_the_ends_of_their_paths(void **state)
{
    (void)state;
    struct source        same[] = {{(char[]){"x/one/a.jpg"}, (char[]){"one/a.jpg"}, false},
                                   {(char[]){"x/two/a.jpg"}, (char[]){"two/a.jpg"}, false}};
    const struct sources both = {.items = same, .count = 2, .capacity = 2};
    struct truth_index   index;
    size_t               at = 0, found = 9;
    assert_int_equal(truth_index_open(&index, &both, NULL), BSR_OK);
    assert_true(truth_index_next(&index, "two/a.jpg", &at, &found));
    assert_int_equal(found, 1);
    assert_false(truth_index_next(&index, "two/a.jpg", &at, &found));
    at = 0;
    assert_false(truth_index_next(&index, "wo/a.jpg", &at, &found));
    at = 0; /* meant for both */
    assert_true(truth_index_next(&index, "a.jpg", &at, &found));
    assert_true(truth_index_next(&index, "a.jpg", &at, &found));
    assert_false(truth_index_next(&index, "a.jpg", &at, &found));
    truth_index_close(&index);
}

/* jansson's own memory is not counted; all of besra's and expat's is. */
static void test_truths_without_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {"t.json", "t", "v"};
    assert_int_equal(mkdir("t", 0700) | mkdir("v", 0700), 0);
    put("t.json", coco);
    put("t/a.txt", "2 0.5 0.5 0.25 0.5\n");
    put("v/a.xml", VOC_OBJECT(""));
    for (size_t i = 0; i < COUNT(paths); i++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct truth     truth = {0};
            struct bytes     notes = {0};
            struct bsr_error err;
            assert_true(n < 1000);
            mem_fail_from(n);
            status = truth_read(&truth, paths[i], &sources, &named, &notes, &err);
            mem_fail_from(0);
            if (status != BSR_OK)
                assert_int_equal(status, BSR_ENOMEM);
            truth_free(&truth);
            bytes_free(&notes);
        }
    }
}

static void test_damaged_truths(void **state)
{
    static const char *const words[] = {"1e999",
                                        "-1",
                                        "99999999999999999999",
                                        "\"\"",
                                        "[[[[[[[[",
                                        "]}",
                                        "nan",
                                        ",",
                                        "<object>",
                                        "</annotation>",
                                        "&#0;",
                                        "<![CDATA[",
                                        "\n0 ",
                                        "\xC3",
                                        "null",
                                        "<name>",
                                        "]]>",
                                        "<bndbox>",
                                        NULL};
    const struct {
        char        kind;
        const char *seed;
    } seeds[] = {{'\0', coco},
                 {'\1', "2 0.5 0.5 0.25 0.5\n0 0 0 0.5 0 0.5 0.25 0 0.25\n1 0.25 0.25 0.5 0.5 0.875\n"},
                 {'\2', "<?xml version=\"1.0\"?>\n" VOC_OBJECT("<difficult>1</difficult>")},
                 {'\3', "file,class\na.jpg,2\nb.jpg,\"green leaf\"\n"}};
    enum { CAPACITY = 4096, ROUNDS = 3000 };
    uint64_t chance = 5;
    (void)state;
    for (size_t s = 0; s < COUNT(seeds); s++)
        for (int i = 0; i < ROUNDS; i++) {
            uint8_t data[CAPACITY + 1] = {(uint8_t)seeds[s].kind};
            size_t  size = strlen(seeds[s].seed);
            memcpy(data + 1, seeds[s].seed, size);
            if (i)
                mutate(data + 1, &size, CAPACITY, words, &chance);
            assert_int_equal(fuzz_truth(data, size + 1), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_coco_is_read_by_the_names_of_classes_and_files, enter, leave),
        cmocka_unit_test_setup_teardown(test_classes_of_other_names_are_taken_in_their_order, enter, leave),
        cmocka_unit_test_setup_teardown(test_yolo_is_read_beside_and_below, enter, leave),
        cmocka_unit_test_setup_teardown(test_voc_is_read_with_what_is_difficult, enter, leave),
        cmocka_unit_test_setup_teardown(test_broken_truths_are_refused_with_their_place, enter, leave),
        cmocka_unit_test_setup_teardown(test_tables_of_classes, enter, leave),
        cmocka_unit_test(test_sources_are_found_by_the_ends_of_their_paths),
        cmocka_unit_test_setup_teardown(test_truths_without_memory, enter, leave),
        cmocka_unit_test(test_damaged_truths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
