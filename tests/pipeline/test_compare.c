/* Two sides are compared tensor by tensor, and the smallest part in which they part is cut out. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "onnx/edit.h"
#include "pipeline/bisect.h"
#include "pipeline/compare_folder.h"
#include "tests/onnx/graph_text.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct tolerance usual = {.absolute = 1e-4, .relative = 1e-3};

/* A chain with a branch: a = x + one, b = Relu(a), c = b * w, d = c - a, y = d * one. */
#define HEAD "input x f32 1 4\ninit one f32 1 : 1\n"
#define CHAIN                                                                                                \
    "a = Add(x, one)\nb = Relu(a)\nc = Mul(b, w)\nd = Sub(c, a)\ny = Mul(d, one)\noutput y f32 1 4\n"
static const char right[] = HEAD "init w f32 1 4 : 1 2 3 4\n" CHAIN;
static const char wrong[] = HEAD "init w f32 1 4 : 1 2 3.5 4\n" CHAIN;

static char folder[64];

static int enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/besra-compare-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int leave(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Two sides, what they are fed with, and what is found. */
struct pair_of_sides {
    struct onnx_model     *models[2];
    struct compare_side    sides[2];
    struct feeds           feeds;
    struct compare_pairs   pairs;
    struct compare_result *results;
};

static void feed_text(struct feeds *feeds, const char *name, const char *tensor)
{
    struct bsr_tensor copy, text = tensor_of_text(tensor);
    assert_int_equal(tensor_copy(&copy, &text, NULL), BSR_OK);
    tensor_free(&text);
    assert_int_equal(feeds_add(feeds, name, &copy, NULL), BSR_OK);
}

/* A text of NULL is the folder. */
static struct pair_of_sides open_sides(const char *a, const char *b)
{
    struct pair_of_sides both = {.pairs = {.count = 0}};
    const char          *texts[] = {a, b};

    for (int i = 0; i < 2; i++) {
        both.models[i] = texts[i] ? model_of_text(texts[i]) : NULL;
        both.sides[i] = (struct compare_side){
            .model = both.models[i], .name = texts[i] ? "a model" : folder, .backend = "besra"};
    }
    feed_text(&both.feeds, "x", "f32 1 4 : -2 1 0.5 3");
    return both;
}

static void close_sides(struct pair_of_sides *both)
{
    mem_free(both->results);
    compare_pairs_free(&both->pairs);
    feeds_free(&both->feeds);
    onnx_model_free(both->models[0]);
    onnx_model_free(both->models[1]);
}

static bsr_status compare(struct pair_of_sides *both, const char *at, struct bsr_error *err)
{
    bsr_status status = compare_pairs_choose(&both->pairs, both->sides, &both->feeds, &at, at ? 1 : 0, err);
    if (status != BSR_OK)
        return status;
    both->results = mem_alloc_zeroed((size_t)both->pairs.count, sizeof *both->results);
    if (!both->results)
        return bsr_fail_memory(err, NULL, 0);
    return compare_run(both->results, both->sides, &both->feeds, &both->pairs, &usual, err);
}

static void expect_compares(struct pair_of_sides *both, const char *at)
{
    struct bsr_error err = {0};
    if (compare(both, at, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
}

/* Unless just these are the pairs: "a b c", with a mark behind those that are apart: "c!". */
static void expect_pairs(const struct pair_of_sides *both, const char *labels)
{
    struct bytes text = {0};
    for (int i = 0; i < both->pairs.count; i++)
        bytes_append_format(&text, "%s%s%s", i ? " " : "", both->pairs.items[i].label,
                            difference_parts(&both->results[i].difference) ? "!" : "");
    assert_string_equal(bytes_text(&text), labels);
    bytes_free(&text);
}

/* ---- pairs and figures ------------------------------------------------------------------------------- */

static void test_all_that_both_make_is_compared_in_order(void **state)
{
    struct pair_of_sides both = open_sides(right, wrong);

    (void)state;
    expect_compares(&both, NULL);
    expect_pairs(&both, "a b c! d! y!");
    assert_int_equal(compare_first(both.results, both.pairs.count), 2);
    assert_string_equal(both.pairs.items[2].node, "/c (Mul)");
    /* b is 0 2 1.5 4: 0.5 * 1.5 apart at one of four */
    assert_float_equal(both.results[2].difference.largest, 0.75, 1e-6);
    assert_int_equal(both.results[2].difference.beyond, 1);
    assert_int_equal(both.results[2].shapes[0].shape[1], 4);
    assert_null(both.results[2].shapes[0].data);
    close_sides(&both);
}

static void test_a_model_agrees_with_itself(void **state)
{
    struct pair_of_sides both = open_sides(right, right);

    (void)state;
    both.sides[1].backend = "opencv";
    expect_compares(&both, NULL);
    assert_int_equal(compare_first(both.results, both.pairs.count), -1);
    close_sides(&both);
}

/* 0.1 is 0.0999756 as f16: 2.4e-5 of 0.1, times 3. */
static void test_rounded_weights_differ_by_their_rounding(void **state)
{
    static const char    text[] = "input x f32 1 4\ninit w f32 1 : 0.1\ny = Mul(x, w)\noutput y f32 1 4\n";
    struct pair_of_sides both = open_sides(text, text);

    (void)state;
    both.sides[1].half = true;
    expect_compares(&both, NULL);
    expect_pairs(&both, "y");
    assert_float_equal(both.results[0].difference.largest, 3 * (0.1 - 0.0999755859375), 1e-6);
    close_sides(&both);
}

static void test_constants_are_no_pair(void **state)
{
    static const char text[] =
        "input x f32 1 4\nk = Constant() value_float=2.\ny = Mul(x, k)\noutput y f32 1 4\n";
    struct pair_of_sides both = open_sides(text, text);

    (void)state;
    expect_compares(&both, NULL);
    expect_pairs(&both, "y");
    close_sides(&both);
}

static void test_outputs_are_paired_by_position(void **state)
{
    static const char other[] =
        "input z f32 1 4\ninit one f32 1 : 1\nt = Add(z, one)\nu = Relu(t)\noutput u f32 1 4\n";
    static const char text[] =
        "input x f32 1 4\ninit one f32 1 : 1\na = Add(x, one)\ny = Relu(a)\noutput y f32 1 4\n";
    struct pair_of_sides both = open_sides(text, other);

    (void)state;
    expect_compares(&both, NULL); /* and the only input is the only input */
    expect_pairs(&both, "y");
    compare_pairs_free(&both.pairs);
    mem_free(both.results);
    both.results = NULL;
    expect_compares(&both, "a=t");
    expect_pairs(&both, "a");
    close_sides(&both);
}

static void test_what_can_not_be_compared_is_told(void **state)
{
    static const struct {
        const char *a, *b, *at, *says;
    } cases[] = {
        {right, wrong, "bb", "no node of a model makes 'bb'"},
        {right, wrong, "a=", "no node of a model makes ''"},
        {"input x f32 1 4\nr = Relu(x)\ns = Relu(r)\noutput r f32 1 4\noutput s f32 1 4\n",
         "input x f32 1 4\nt = Relu(x)\noutput t f32 1 4\n", NULL, "no tensor of the same name"},
        {right, "input x f32 1 4\ninput q f32 1 4\ny = Add(x, q)\noutput y f32 1 4\n", NULL, "its input 'q'"},
        {right, NULL, NULL, "no .npy file there"},
        {right, NULL, "a", "has no file of the tensor 'a'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair_of_sides both = open_sides(cases[i].a, cases[i].b);
        struct bsr_error     err = {0};
        assert_int_not_equal(compare(&both, cases[i].at, &err), BSR_OK);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: %s", err.subject, err.message);
        close_sides(&both);
    }
}

/* ---- folders ----------------------------------------------------------------------------------------- */

static void write_tensor(const char *name, const char *text)
{
    struct bsr_tensor tensor = tensor_of_text(text);
    assert_int_equal(compare_folder_write(folder, name, &tensor, true, NULL), BSR_OK);
    tensor_free(&tensor);
}

static void test_a_folder_is_compared_by_the_names_of_its_files(void **state)
{
    struct pair_of_sides both = open_sides(right, NULL), other = open_sides(NULL, right);

    (void)state;
    write_tensor("b", "f32 1 4 : 0 2 1.5 4");
    write_tensor("d", "f32 1 4 : 1 2 3 -1"); /* is 1 2 3 12 */
    expect_compares(&both, NULL);
    expect_pairs(&both, "b d!");
    expect_compares(&other, NULL);
    expect_pairs(&other, "b d!");
    assert_float_equal(other.results[1].difference.largest, 13, 1e-6);
    close_sides(&both);
    close_sides(&other);
}

static void test_debug_nodes_come_before_names(void **state)
{
    static const char    text[] = "opset my 1\ninput x f32 1 4\na = Relu(x)\nb = my.Debug(a) name='here'\n"
                                  "c = Relu(b)\ny = my.Debug(c) name='there/2'\noutput y f32 1 4\n";
    struct pair_of_sides both = open_sides(text, NULL);

    (void)state;
    write_tensor("a", "f32 1 4 : 9 9 9 9");
    write_tensor("debug_here", "f32 1 4 : 0 1 0.5 3");
    write_tensor("there/2", "f32 1 4 : 0 1 0.5 3.5");
    expect_compares(&both, NULL);
    expect_pairs(&both, "here there/2!");
    close_sides(&both);
}

static void test_names_become_files(void **state)
{
    static const struct {
        const char *name, *file;
    } cases[] = {{"x", "x"},
                 {"/model.0/Conv_output_0", "_model.0_Conv_output_0"},
                 {"../../etc/passwd", "_._.._etc_passwd"},
                 {"..", "_."},
                 {"a\nb\x7F", "a_b_"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes text = {0};
        compare_file_name(&text, cases[i].name);
        assert_string_equal(bytes_text(&text), cases[i].file);
        bytes_free(&text);
    }
    char         name[5000];
    struct bytes text = {0};
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    compare_file_name(&text, name);
    assert_int_equal(text.size, 200);
    bytes_free(&text);
}

static void test_damaged_files_are_told(void **state)
{
    struct pair_of_sides both = open_sides(right, NULL);
    struct bsr_error     err = {0};
    char                 path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/b.npy", folder);
    assert_int_equal(file_write(path, "\x93NUMPY", 6, true, false, NULL), BSR_OK);
    assert_int_equal(compare(&both, NULL, &err), BSR_EFORMAT);
    assert_non_null(strstr(err.subject, "b.npy"));
    close_sides(&both);
}

/* ---- bisecting --------------------------------------------------------------------------------------- */

static bsr_status bisect_sides(struct bisection *out, struct pair_of_sides *both, struct bsr_error *err)
{
    int first = compare_first(both->results, both->pairs.count);
    return bisect(out, both->sides, &both->feeds, &both->pairs, both->results, first, &usual, err);
}

static void test_one_wrong_weight_is_one_node(void **state)
{
    struct pair_of_sides both = open_sides(right, wrong);
    struct bisection     found = {.nodes = 0};

    (void)state;
    expect_compares(&both, NULL);
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    assert_int_equal(found.nodes, 1);
    assert_false(found.shared);
    assert_int_equal(found.inputs.count, 1);
    assert_string_equal(found.inputs.items[0].name, "b");
    assert_string_equal(text_of_tensor(&found.inputs.items[0].tensor), "f32 1 4 : 0 2 1.5 4");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(onnx_node_count(found.models[i], "Mul"), 1);
        assert_int_equal(onnx_node_count(found.models[i], "Relu"), 0);
        assert_string_equal(onnx_input(found.models[i], 0).name, "b");
        assert_string_equal(onnx_output(found.models[i], 0).name, "c");
    }
    assert_string_equal(text_of_tensor(&found.outputs[0]), "f32 1 4 : 0 4 4.5 16");
    assert_string_equal(text_of_tensor(&found.outputs[1]), "f32 1 4 : 0 4 5.25 16");
    bisection_free(&found);
    close_sides(&both);
}

/* Each node adds 0.4 of what is allowed: three of them are the fewest that differ. */
static void test_small_errors_are_followed_until_they_add_up(void **state)
{
    static const char text[] = "input x f32 1 4\ninit k f32 1 : %s\n"
                               "a = Add(x, k)\nb = Add(a, k)\nc = Add(b, k)\nd = Add(c, k)\ny = Add(d, k)\n"
                               "output y f32 1 4\n";
    struct tolerance  allowed = {.absolute = 0.01, .relative = 0};
    char              a[256], b[256];
    struct bisection  found = {.nodes = 0};

    (void)state;
    snprintf(a, sizeof a, text, "1");
    snprintf(b, sizeof b, text, "1.004");
    struct pair_of_sides both = open_sides(a, b);
    expect_compares(&both, NULL);
    both.results[0] = both.results[1] = (struct compare_result){.difference = {.cosine = 1}};
    for (int i = 0; i < both.pairs.count; i++) /* as compare_run() would find with that tolerance */
        both.results[i].difference.beyond = i >= 2 ? 4 : 0;
    assert_int_equal(bisect(&found, both.sides, &both.feeds, &both.pairs, both.results, 2, &allowed, NULL),
                     BSR_OK);
    assert_int_equal(found.nodes, 3);
    assert_string_equal(found.inputs.items[0].name, "x");
    bisection_free(&found);
    close_sides(&both);
}

/* The difference is of whole and part: nothing that is cut out shows it. */
static void test_what_agrees_in_parts_is_told(void **state)
{
    struct pair_of_sides both = open_sides(right, right);
    struct bisection     found = {.nodes = 0};
    struct bsr_error     err = {0};

    (void)state;
    expect_compares(&both, NULL);
    both.results[3].difference.beyond = 1; /* as if */
    assert_int_equal(bisect_sides(&found, &both, &err), BSR_EENGINE);
    assert_non_null(strstr(err.message, "agrees by itself"));
    close_sides(&both);
}

/* s follows from the shape of x: within the part it is a constant, and no input. */
static void test_sizes_become_constants_of_the_part(void **state)
{
    static const char    text[] = "input x f32 1 4\ns = Shape(x)\nr = Relu(x)\nz = Neg(x)\n"
                                  "q = Reshape(%s, s)\ny = Relu(q)\noutput y f32 1 4\n";
    char                 a[256], b[256];
    struct bisection     found = {.nodes = 0};
    struct pair_of_sides both;

    (void)state;
    snprintf(a, sizeof a, text, "r");
    snprintf(b, sizeof b, text, "z");
    both = open_sides(a, b);
    expect_compares(&both, NULL);
    expect_pairs(&both, "s r z q! y!");
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    /* B's Reshape reads z, which A's does not: they part only from x on */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(onnx_input_count(found.models[i]), 1);
        assert_string_equal(onnx_input(found.models[i], 0).name, "x");
    }
    assert_int_equal(found.nodes, 3);
    bisection_free(&found);
    close_sides(&both);
}

static void test_a_part_against_a_folder_keeps_its_tensor(void **state)
{
    struct pair_of_sides both = open_sides(NULL, right);
    struct bisection     found = {.nodes = 0};

    (void)state;
    write_tensor("b", "f32 1 4 : 0 2 1.5 4");
    write_tensor("d", "f32 1 4 : 1 2 3 -1");
    expect_compares(&both, NULL);
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    assert_null(found.models[0]);
    assert_int_equal(found.nodes, 3); /* a, c and d: only b is known to agree */
    assert_int_equal(found.inputs.count, 2);
    assert_float_equal(found.difference.largest, 13, 1e-6);
    bisection_free(&found);
    close_sides(&both);
}

static char *read_text(const char *name)
{
    struct bytes file = {0};
    char         path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_read(&file, path, 1 << 20, NULL) != BSR_OK)
        fail_msg("%s is missing", name);
    char *text = mem_copy_text(bytes_text(&file));
    bytes_free(&file);
    return text;
}

/* A model's names end neither the quotes nor the comment of the script, and lead out of no folder. */
static void test_hostile_names_stay_names(void **state)
{
    static const char text[] = "input x f32 1 4\ninit w f32 1 : %s\na = Relu(x)\nb = Neg(x)\nc = Add(a, b)\n"
                               "y = Mul(c, w)\noutput y f32 1 4\n";
    const char *const words[] = {"--engines", "besra", "--ops", "it's.so"};
    char              a[256], b[256];
    struct bisection  found = {.nodes = 0};
    struct pair_of_sides both;

    (void)state;
    snprintf(a, sizeof a, text, "1");
    snprintf(b, sizeof b, text, "2");
    both = open_sides(a, b);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(onnx_rename(both.models[i], "c", "../../'; rm -rf \"$HOME\" #", NULL), BSR_OK);
        assert_int_equal(onnx_rename(both.models[i], "y", "y\necho boo", NULL), BSR_OK);
    }
    expect_compares(&both, NULL);
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    assert_int_equal(bisection_write(&found, words, 4, folder, false, NULL), BSR_OK);
    char *script = read_text("reproduce.sh");
    assert_non_null(strstr(script, "up to 'y?echo boo'"));
    assert_null(strstr(script, "\necho"));
    assert_non_null(strstr(script, "'--ops' 'it'\\''s.so'"));
    assert_non_null(strstr(
        script, "--input '../../'\\''; rm -rf \"$HOME\" #=inputs/_._.._'\\''; rm -rf \"$HOME\" #.npy'"));
    mem_free(script);
    mem_free(read_text("inputs/_._.._'; rm -rf \"$HOME\" #.npy"));
    mem_free(read_text("a/y_echo boo.npy"));
    mem_free(read_text("b/y_echo boo.npy"));
    assert_int_equal(bisection_write(&found, words, 4, folder, false, NULL), BSR_EEXIST);
    assert_int_equal(bisection_write(&found, words, 4, folder, true, NULL), BSR_OK);
    bisection_free(&found);
    close_sides(&both);
}

static void test_inputs_of_like_names_have_files_of_their_own(void **state)
{
    static const char    text[] = "input x f32 1 4\ninput z f32 1 4\ninput e f32 1 4\ninit w f32 1 : %s\n"
                                  "a = Sum(x, z, e, w)\noutput a f32 1 4\n";
    char                 a[256], b[256];
    struct bisection     found = {.nodes = 0};
    struct pair_of_sides both;

    (void)state;
    snprintf(a, sizeof a, text, "1");
    snprintf(b, sizeof b, text, "2");
    both = open_sides(a, b);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(onnx_rename(both.models[i], "x", "n/x", NULL), BSR_OK);
        assert_int_equal(onnx_rename(both.models[i], "z", "n_x", NULL), BSR_OK);
        assert_int_equal(onnx_rename(both.models[i], "e", "n=x", NULL), BSR_OK);
    }
    feeds_free(&both.feeds);
    feed_text(&both.feeds, "n/x", "f32 1 4 : 1 2 3 4");
    feed_text(&both.feeds, "n_x", "f32 1 4 : 5 6 7 8");
    feed_text(&both.feeds, "n=x", "f32 1 4 : 0 0 0 0");
    expect_compares(&both, NULL);
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    assert_int_equal(bisection_write(&found, NULL, 0, folder, false, NULL), BSR_OK);
    char *script = read_text("reproduce.sh");
    assert_non_null(strstr(script, "--input 'n/x=inputs/n_x.npy'"));
    assert_non_null(strstr(script, "--input 'n_x=inputs/input_1.npy'"));
    assert_non_null(strstr(script, "--input 'inputs/input_2.npy'"));
    mem_free(script);
    bisection_free(&found);
    close_sides(&both);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void test_every_write_may_fail(void **state)
{
    struct pair_of_sides both = open_sides(right, wrong);
    struct bisection     found = {.nodes = 0};
    unsigned             n = 1;

    (void)state;
    expect_compares(&both, NULL);
    assert_int_equal(bisect_sides(&found, &both, NULL), BSR_OK);
    for (; n < 100; n++) {
        file_fail_write(n);
        bsr_status status = bisection_write(&found, NULL, 0, folder, true, NULL);
        file_fail_write(0);
        if (status == BSR_OK)
            break;
        assert_int_equal(status, BSR_EIO);
    }
    assert_int_equal(n, 7); /* two models, an input, two outputs, the script */
    bisection_free(&found);
    close_sides(&both);
}

static void test_every_allocation_may_fail(void **state)
{
    bsr_status status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status != BSR_OK; n += 1 + n / 50) { /* all of the first fifty, then a part */
        struct pair_of_sides both = open_sides(right, wrong);
        struct bisection     found = {.nodes = 0};
        mem_fail_from(n);
        status = compare(&both, NULL, NULL);
        if (status == BSR_OK)
            status = bisect_sides(&found, &both, NULL);
        if (status == BSR_OK)
            status = bisection_write(&found, NULL, 0, folder, true, NULL);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        bisection_free(&found);
        close_sides(&both);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_all_that_both_make_is_compared_in_order),
        IN_FOLDER(test_a_model_agrees_with_itself),
        IN_FOLDER(test_rounded_weights_differ_by_their_rounding),
        IN_FOLDER(test_constants_are_no_pair),
        IN_FOLDER(test_outputs_are_paired_by_position),
        IN_FOLDER(test_what_can_not_be_compared_is_told),
        IN_FOLDER(test_a_folder_is_compared_by_the_names_of_its_files),
        IN_FOLDER(test_debug_nodes_come_before_names),
        IN_FOLDER(test_names_become_files),
        IN_FOLDER(test_damaged_files_are_told),
        IN_FOLDER(test_one_wrong_weight_is_one_node),
        IN_FOLDER(test_small_errors_are_followed_until_they_add_up),
        IN_FOLDER(test_what_agrees_in_parts_is_told),
        IN_FOLDER(test_sizes_become_constants_of_the_part),
        IN_FOLDER(test_a_part_against_a_folder_keeps_its_tensor),
        IN_FOLDER(test_hostile_names_stay_names),
        IN_FOLDER(test_inputs_of_like_names_have_files_of_their_own),
        IN_FOLDER(test_every_write_may_fail),
        IN_FOLDER(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
