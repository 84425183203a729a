/* Model cards: what they say, what they must not say, and where they are found. */
#include "config/card.h"
#include "support.h"

#include "base/alloc.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define SHA256 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static const char full_card[] =
    "task = \"detect\";  file = \"besra-n.onnx\";  sha256 = \"" SHA256 "\";\n"
    "input  = { width = 640; height = 480; color = \"bgr\"; scale = [0.25, 0.5, 1.0]; mean = 2;\n"
    "           letterbox = \"rect\"; pad = 0; };\n"
    "output = { kind = \"yolov5\"; strides = [8, 16];\n"
    "           anchors = ( [10, 13, 16, 30], ([33.0, 23.5], (30, 61)) ); };\n"
    "names  = [\"hawk\", \"table\", \"\xC3\xA9pervier\"];\n"
    "confidence = 0.3;  iou = 1;  agnostic = true;  max_detections = 100;\n"
    "about  = { licence = \"Apache-2.0\"; anything = ( 1, \"two\", { three = 3; } ); };\n";

static struct card read_card(const char *text)
{
    struct card      card = {0};
    struct bsr_error err = {0};
    if (card_read(&card, support_write("cards/hawk.cfg", text), &err) != BSR_OK)
        fail_msg("%s: %s: %s", text, err.subject, err.message);
    return card;
}

static void test_a_full_card_is_read(void **state)
{
    (void)state;
    struct card card = read_card(full_card);
    assert_string_equal(card.path, support_path("cards/hawk.cfg"));
    assert_string_equal(card.name, "hawk");
    assert_string_equal(card.file, support_path("cards/besra-n.onnx"));
    assert_string_equal(card.sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_int_equal(card.task, CARD_DETECT);
    assert_int_equal(card.width, 640);
    assert_int_equal(card.height, 480);
    assert_int_equal(card.colour, CARD_BGR);
    assert_true(card.scale[0] == 0.25F && card.scale[1] == 0.5F && card.scale[2] == 1.0F);
    assert_true(card.mean[0] == 2.0F && card.mean[1] == 2.0F && card.mean[2] == 2.0F);
    assert_true(card.rect);
    assert_int_equal(card.pad, 0);
    assert_int_equal(card.output, CARD_YOLOV5);
    assert_int_equal(card.head_count, 2);
    assert_int_equal(card.anchor_count, 2);
    assert_int_equal(card.strides[1], 16);
    assert_true(card.anchors[0][1][0] == 16 && card.anchors[0][1][1] == 30);
    assert_true(card.anchors[1][0][1] == 23.5F && card.anchors[1][1][0] == 30 && card.anchors[1][1][1] == 61);
    assert_true(card.confidence == 0.3 && card.iou == 1.0);
    assert_true(card.agnostic);
    assert_int_equal(card.max_detections, 100);
    assert_int_equal(card.name_count, 3);
    assert_string_equal(card.names[2], "\xC3\xA9pervier");
    card_free(&card);
    assert_null(card.names);
    card_free(&card); /* of an empty card: nothing */
}

static void test_what_a_card_leaves_out_has_its_default(void **state)
{
    (void)state;
    struct card card = read_card("file = \"/models/x.onnx\";");
    assert_string_equal(card.file, "/models/x.onnx");
    assert_null(card.sha256);
    assert_int_equal(card.task, CARD_TASK_UNKNOWN);
    assert_int_equal(card.width, 0);
    assert_int_equal(card.height, 0);
    assert_int_equal(card.colour, CARD_RGB);
    assert_int_equal(card.output, CARD_OUTPUT_UNKNOWN);
    for (int i = 0; i < 3; i++)
        assert_true(card.scale[i] == 1 && card.mean[i] == 0);
    assert_false(card.rect);
    assert_int_equal(card.pad, 114);
    assert_int_equal(card.head_count, 0);
    assert_true(card.confidence == 0.25 && card.iou == 0.45);
    assert_int_equal(card.max_detections, 300);
    assert_null(card.names);
    assert_int_equal(card.name_count, 0);
    card_free(&card);

    struct card bare;
    assert_int_equal(card_for_file(&bare, "some/where/net.onnx", NULL), BSR_OK);
    assert_string_equal(bare.name, "net");
    assert_string_equal(bare.file, "some/where/net.onnx");
    assert_null(bare.path);
    assert_int_equal(bare.pad, 114);
    card_free(&bare);
}

static void test_names_come_from_a_file_beside_the_card(void **state)
{
    (void)state;
    support_write("cards/hawk.names", "\xEF\xBB\xBFhawk\r\nking of hearts\nlast");
    struct card card = read_card("file = \"x.onnx\"; names = \"hawk.names\";");
    assert_int_equal(card.name_count, 3);
    assert_string_equal(card.names[0], "hawk");
    assert_string_equal(card.names[1], "king of hearts");
    assert_string_equal(card.names[2], "last");
    card_free(&card);
    support_write("elsewhere/one.names", "one\n");
    char text[1200];
    snprintf(text, sizeof text, "file = \"x.onnx\"; names = \"%s\";", support_path("elsewhere/one.names"));
    card = read_card(text);
    assert_int_equal(card.name_count, 1);
    card_free(&card);
}

/* A bad card, the line and the sentence. */
static void test_errors_name_key_and_line(void **state)
{
    static const struct {
        const char *text;
        int         line; /* 0: the file as a whole */
        const char *message;
    } rows[] = {
        {"", 0, "names no model"},
        {"task = \"detect\";", 0, "names no model"},
        {"\nfiel = \"x.onnx\";", 2, "fiel: unknown key; did you mean file?"},
        {"input = {\n widht = 3; };", 2, "input.widht: unknown key; did you mean width?"},
        {"input = { colour = \"rgb\"; };", 1, "input.colour: unknown key; did you mean color?"},
        {"output = { xyzzy = 3; };", 1, "output.xyzzy: unknown key"},
        {"input = 3;", 1, "input: must be a group: { ... };"},
        {"about = \"us\";", 1, "about: must be a group: about = { ... };"},
        {"task = \"detcet\";", 1, "task: must be one of \"detect\", \"upscale\", \"classify\""},
        {"task = 3;", 1, "task: must be one of \"detect\", \"upscale\", \"classify\""},
        {"file = 3;", 1, "file: must be the model's file name"},
        {"file = \"\";", 1, "file: must be the model's file name"},
        {"file = \"../x.onnx\";", 1, "file: must not leave the card's folder by \"..\"; write the full path"},
        {"file = \"a/../../x.onnx\";", 1,
         "file: must not leave the card's folder by \"..\"; write the full path"},
        {"sha256 = \"12\";", 1, "sha256: must be 64 hexadecimal digits"},
        {"sha256 = \"x123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef\";", 1,
         "sha256: must be 64 hexadecimal digits"},
        {"input = { width = 0; };", 1, "input.width: must be a whole number of 1 to 65535"},
        {"input = { height = 65536; };", 1, "input.height: must be a whole number of 1 to 65535"},
        {"input = { width = 640.0; };", 1, "input.width: must be a whole number of 1 to 65535"},
        {"input = { color = \"grey\"; };", 1, "input.color: must be one of \"rgb\", \"bgr\", \"luma\""},
        {"input = { scale = [1, 2]; };", 1, "input.scale: must be one number or three"},
        {"input = { scale = []; };", 1, "input.scale: must be one number or three"},
        {"input = { scale = \"1\"; };", 1, "input.scale: must be numbers of -1000000 to 1000000"},
        {"input = { mean = [1.0, 2.0, 1e999]; };", 1, "input.mean: must be numbers of -1000000 to 1000000"},
        {"input = { letterbox = \"wide\"; };", 1, "input.letterbox: must be one of \"square\", \"rect\""},
        {"input = { letterbox = true; };", 1, "input.letterbox: must be one of \"square\", \"rect\""},
        {"input = { pad = 256; };", 1, "input.pad: must be a whole number of 0 to 255"},
        {"output = { kind = \"yolov8\"; };", 1,
         "output.kind: must be one of \"yolov5\", \"srcnn\", \"logits\""},
        {"output = { strides = 8; };", 1, "output.strides: must be a list of 1 to 8 whole numbers"},
        {"output = { strides = [1,2,3,4,5,6,7,8,9]; };", 1,
         "output.strides: must be a list of 1 to 8 whole numbers"},
        {"output = { strides = [0]; };", 1, "output.strides: must be whole numbers of 1 to 4096"},
        {"output = { strides = [8, 16]; anchors = ([1, 2]); };", 1,
         "output.anchors: strides and anchors must be of the same number of heads"},
        {"output = { anchors = ([1, 2]); strides = [8, 16]; };", 1,
         "output.strides: strides and anchors must be of the same number of heads"},
        {"output = { anchors = [1, 2]; };", 1,
         "output.anchors: each head must be 1 to 8 pairs of width and height in pixels"},
        {"output = { anchors = (); };", 1,
         "output.anchors: must be a list of 1 to 8 heads: ( [10, 13, 16, 30], ... )"},
        {"output = { anchors = ([1, 2, 3]); };", 1,
         "output.anchors: each head must be 1 to 8 pairs of width and height in pixels"},
        {"output = { anchors = ([1, 0]); };", 1,
         "output.anchors: each head must be 1 to 8 pairs of width and height in pixels"},
        {"output = { anchors = (([1, 2, 3, 4])); };", 1,
         "output.anchors: each head must be 1 to 8 pairs of width and height in pixels"},
        {"output = { anchors = ([1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]); };", 1,
         "output.anchors: each head must be 1 to 8 pairs of width and height in pixels"},
        {"output = { anchors = ([1, 2], [1, 2, 3, 4]); };", 1,
         "output.anchors: all heads must have the same number of anchors"},
        {"names = 3;", 1, "names: must be a list of names, or the name of a file with one a line"},
        {"names = [];", 1, "names: 1 to 65535 names are needed, found 0"},
        {"names = [1, 2];", 1, "names: a class name that is no text (number 0)"},
        {"names = [\"a\", \"\"];", 1, "names: an empty class name (number 1)"},
        {"names = [\"a\\n\"];", 1, "names: a control character in a class name (number 0)"},
        {"names = [\"\xC0\xAF\"];", 1, "names: a class name that is not UTF-8 (number 0)"},
        {"names = \"../hawk.names\";", 1,
         "names: must not leave the card's folder by \"..\"; write the full path"},
        {"confidence = 1.5;", 1, "confidence: must be a number of 0 to 1"},
        {"iou = \"0.5\";", 1, "iou: must be a number of 0 to 1"},
        {"agnostic = 1;", 1, "agnostic: must be true or false"},
        {"max_detections = 0;", 1, "max_detections: must be a whole number of 1 to 100000"},
        {"\n\nfile = ;", 3, "syntax error"},
        {"file = \"x\"; @include \"/etc/passwd\"", 1, "@include is not allowed here"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct card      card, before;
        struct bsr_error err = {0};
        char             place[1100];
        memset(&card, 0x5A, sizeof card);
        memcpy(&before, &card, sizeof card);
        const char *path = support_write("cards/bad.cfg", rows[i].text);
        if (card_read(&card, path, &err) != BSR_EUSAGE)
            fail_msg("%s: not refused", rows[i].text);
        snprintf(place, sizeof place, rows[i].line ? "%s:%d" : "%s", path, rows[i].line);
        assert_string_equal(err.message, rows[i].message);
        assert_string_equal(err.subject, place);
        assert_memory_equal(&card, &before, sizeof card);
    }
}

static void test_mixed_arrays_get_a_hint(void **state)
{
    struct card      card;
    struct bsr_error err = {0};
    (void)state;
    const char *path = support_write("cards/bad.cfg", "file = \"x\"; input = { scale = [1, 0.5, 0.5]; };");
    assert_int_equal(card_read(&card, path, &err), BSR_EUSAGE);
    assert_string_equal(err.message, "mismatched element type in array");
    assert_string_equal(err.hint, "numbers of an array are all whole or all with a point: [1.0, 0.5]");
}

static void test_files_of_names_are_checked_line_by_line(void **state)
{
    static const struct {
        const char *text;
        bsr_status  status;
        const char *message;
    } rows[] = {
        {"", BSR_EUSAGE, "1 to 65535 class names are needed, one a line; found 0"},
        {"a\n\nb\n", BSR_EUSAGE, "line 2: an empty class name"},
        {"a\n\n", BSR_EUSAGE, "line 2: an empty class name"},
        {"a\nb\tc\n", BSR_EUSAGE, "line 2: a control character in a class name"},
        {"\xED\xA0\x80\n", BSR_EUSAGE, "line 1: a class name that is not UTF-8"},
        {"\xF4\x90\x80\x80\n", BSR_EUSAGE, "line 1: a class name that is not UTF-8"},
        {"a\xE2\x82\n", BSR_EUSAGE, "line 1: a class name that is not UTF-8"},
    };
    struct card      card;
    struct bsr_error err = {0};
    (void)state;
    const char *text = "file = \"x\"; names = \"bad.names\";";
    for (size_t i = 0; i < COUNT(rows); i++) {
        support_write("cards/bad.names", rows[i].text);
        assert_int_equal(card_read(&card, support_write("cards/bad.cfg", text), &err), rows[i].status);
        assert_string_equal(err.message, rows[i].message);
        assert_string_equal(err.subject, support_path("cards/bad.names"));
    }
    remove(support_path("cards/bad.names"));
    assert_int_equal(card_read(&card, support_path("cards/bad.cfg"), &err), BSR_EMISSING);

    struct bytes lines = {0};
    for (int i = 0; i < 65536; i++)
        bytes_append_text(&lines, "a\n");
    support_write("cards/bad.names", bytes_text(&lines));
    bytes_free(&lines);
    assert_int_equal(card_read(&card, support_path("cards/bad.cfg"), &err), BSR_EUSAGE);
    assert_string_equal(err.message, "1 to 65535 class names are needed, one a line; found 65536");
}

static void test_a_missing_card_is_missing(void **state)
{
    struct card      card;
    struct bsr_error err = {0};
    (void)state;
    assert_int_equal(card_read(&card, support_path("cards/none.cfg"), &err), BSR_EMISSING);
    assert_string_equal(err.subject, support_path("cards/none.cfg"));
}

static void test_names_can_be_given_later(void **state)
{
    char       *names[] = {(char[]){"one"}, (char[]){"two"}};
    struct card card;
    (void)state;
    assert_int_equal(card_for_file(&card, "x.onnx", NULL), BSR_OK);
    assert_int_equal(card_set_names(&card, names, 2, NULL), BSR_OK);
    assert_int_equal(card.name_count, 2);
    for (size_t n = 1; n <= 2; n++) {
        mem_fail_from(n);
        assert_int_equal(card_set_names(&card, names, 1, NULL), BSR_ENOMEM);
        mem_fail_from(0);
        assert_string_equal(card.names[1], "two");
    }
    assert_int_equal(card_set_names(&card, names + 1, 1, NULL), BSR_OK);
    assert_string_equal(card.names[0], "two");
    assert_int_equal(card_set_names(&card, NULL, 0, NULL), BSR_OK);
    assert_null(card.names);
    card_free(&card);
}

/* Finds `name` and checks that it is the card at FOLDER/expected. */
static void expect_found(const char *name, const char *expected)
{
    char            *path = NULL;
    struct bsr_error err = {0};
    if (card_find(&path, name, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_string_equal(path, support_path(expected));
    mem_free(path);
}

static void test_cards_are_found_in_the_order_of_the_folders(void **state)
{
    char both[2200];
    (void)state;
    support_write("data/besra/models/hawk.cfg", "");
    support_write("first/hawk.cfg", "");
    support_write("second/hawk.cfg", "");
    support_write("second/kite.cfg", "");
    expect_found("hawk", "data/besra/models/hawk.cfg");
    snprintf(both, sizeof both, ":%s::%s:", support_path("first"), support_path("second"));
    setenv("BESRA_MODELS", both, 1);
    expect_found("hawk", "first/hawk.cfg");
    expect_found("kite", "second/kite.cfg");
    unsetenv("BESRA_MODELS");
    unsetenv("XDG_DATA_HOME");
    support_write(".local/share/besra/models/owl.cfg", "");
    expect_found("owl", ".local/share/besra/models/owl.cfg");
    setenv("XDG_DATA_HOME", support_path("data"), 1);
}

static void test_an_unknown_card_names_the_nearest_and_all_there_are(void **state)
{
    char            *path = (char *)state;
    struct bsr_error err = {0};
    (void)state;
    support_write("data/besra/models/hawk.cfg", "");
    support_write("data/besra/models/kite.cfg", "");
    support_write("data/besra/models/kite.onnx", "");
    setenv("BESRA_MODELS", support_path("data/besra/models"), 1); /* twice the same: listed once */
    assert_int_equal(card_find(&path, "hakw", &err), BSR_EMISSING);
    assert_ptr_equal(path, state);
    assert_string_equal(err.subject, "hakw");
    assert_string_equal(err.message, "no such model; did you mean hawk?");
    assert_int_equal(strncmp(err.hint, "there are hawk, kite", 20), 0);
    assert_null(strstr(err.hint + 20, "hawk"));
    assert_int_equal(card_find(&path, "xyzzy", &err), BSR_EMISSING);
    assert_string_equal(err.message, "no such model");
    assert_int_equal(card_find(&path, "", &err), BSR_EMISSING);
    assert_int_equal(card_find(&path, "../hawk", &err), BSR_EMISSING);
    assert_string_equal(err.message, "is not the name of a model");
    unsetenv("BESRA_MODELS");
}

static void test_running_out_of_memory_is_an_error_that_leaks_nothing(void **state)
{
    (void)state;
    support_write("cards/hawk.names", "hawk\nkite\n");
    char text[2048];
    int  before_names = (int)(strstr(full_card, "names  =") - full_card);
    snprintf(text, sizeof text, "%.*snames = \"hawk.names\";", before_names, full_card);
    const char *const texts[] = {full_card, text};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t n = 1;; n++) {
            struct card      card;
            struct bsr_error err = {0};
            const char      *path = support_write("cards/hawk.cfg", texts[i]);
            mem_fail_from(n);
            bsr_status status = card_read(&card, path, &err);
            size_t     asked = mem_fail_from(0);
            if (status == BSR_OK) {
                assert_true(n > 5 && asked < n);
                card_free(&card);
                break;
            }
            assert_int_equal(status, BSR_ENOMEM);
        }
    support_write("data/besra/models/hawk.cfg", "");
    for (size_t n = 1;; n++) {
        char *path = NULL;
        mem_fail_from(n);
        bsr_status status = card_find(&path, "hawk", NULL);
        size_t     asked = mem_fail_from(0);
        mem_free(path);
        if (status == BSR_OK) {
            assert_true(asked < n);
            break;
        }
        assert_int_equal(status, BSR_ENOMEM);
    }
    for (size_t n = 1; n < 40; n++) { /* the list of names may then be shorter; nothing worse */
        char *path = NULL;
        mem_fail_from(n);
        bsr_status status = card_find(&path, "nowhere", NULL);
        mem_fail_from(0);
        assert_true(status == BSR_ENOMEM || status == BSR_EMISSING);
    }
}

/* The models that are shipped: each card in the source tree is read without a complaint. */
static void test_shipped_cards_are_good(void **state)
{
    static const char *const names[] = {"cards", "srcnn"};
    int                      found = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct card      card;
        struct bsr_error err = {0};
        char             path[1100];
        snprintf(path, sizeof path, BESRA_SOURCE_DIR "/models/%s.cfg", names[i]);
        if (access(path, F_OK) != 0) {
            print_message("skipped: %s is not there\n", path);
            continue;
        }
        if (card_read(&card, path, &err) != BSR_OK)
            fail_msg("%s: %s", err.subject, err.message);
        assert_int_equal(access(card.file, R_OK), 0);
        card_free(&card);
        found++;
    }
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_card_is_read),
        cmocka_unit_test(test_what_a_card_leaves_out_has_its_default),
        cmocka_unit_test(test_names_come_from_a_file_beside_the_card),
        cmocka_unit_test(test_errors_name_key_and_line),
        cmocka_unit_test(test_mixed_arrays_get_a_hint),
        cmocka_unit_test(test_files_of_names_are_checked_line_by_line),
        cmocka_unit_test(test_a_missing_card_is_missing),
        cmocka_unit_test(test_names_can_be_given_later),
        cmocka_unit_test(test_cards_are_found_in_the_order_of_the_folders),
        cmocka_unit_test(test_an_unknown_card_names_the_nearest_and_all_there_are),
        cmocka_unit_test(test_running_out_of_memory_is_an_error_that_leaks_nothing),
        cmocka_unit_test(test_shipped_cards_are_good),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}
