/* How far nets look: numbers worked out by hand, and windows that give what the whole picture gives by the
 * evaluator. */
#include "base/alloc.h"
#include "onnx/evaluate.h"
#include "onnx/prepare.h"
#include "onnx/receptive_field.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_SIZE = 8192, HEIGHT = 2, WIDTH = 3 };

/* Weights for all cases: wN is [1][1][N][N], w4N makes four channels, w13 is one row of three. */
static void append_weights(char *text)
{
    static const struct {
        const char *name;
        int         out, height, width;
    } weights[] = {{"w1", 1, 1, 1}, {"w2", 1, 2, 2}, {"w3", 1, 3, 3},  {"w4", 1, 4, 4},
                   {"w5", 1, 5, 5}, {"w9", 1, 9, 9}, {"w43", 4, 3, 3}, {"w13", 1, 1, 3}};

    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        int count = weights[i].out * weights[i].height * weights[i].width;
        sprintf(text + strlen(text), "init %s f32 %d 1 %d %d :", weights[i].name, weights[i].out,
                weights[i].height, weights[i].width);
        for (int k = 0; k < count; k++)
            sprintf(text + strlen(text), " %g", (k * 7 % 11 - 4) / 16.0);
        strcat(text, "\n");
    }
}

static struct onnx_model *make_model(const char *nodes, const char *sides)
{
    char text[TEXT_SIZE];

    snprintf(text, sizeof text, "opset 17\ninput x f32 1 1 %s\n", sides);
    append_weights(text);
    strcat(text, nodes);
    strcat(text, "output y f32 1 1 ? ?\n");
    return model_of_text(text);
}

static struct onnx_field find(const struct onnx_model *model, int tile)
{
    struct onnx_field_options options = {.tile = tile};
    struct onnx_field         field = {.local = true};
    struct bsr_error          err = {0};

    if (onnx_field_find(&field, model, &options, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return field;
}

static const struct {
    const char *name, *nodes;
    int         tile, factor, align, before[2], behind[2]; /* y, x */
} local_cases[] = {
    {"nothing at all", "y = Relu(x)\n", 1, 1, 1, {0, 0}, {0, 0}},
    {"3x3", "y = Conv(x, w3) pads=[1,1,1,1]\n", 1, 1, 1, {1, 1}, {1, 1}},
    {"3x3 by tiles", "y = Conv(x, w3) pads=[1,1,1,1]\n", 4, 1, 4, {1, 1}, {1, 1}},
    {"3x3 twice by tiles: the second tile at an edge is all wrong",
     "a = Conv(x, w3) pads=[1,1,1,1]\ny = Conv(a, w3) pads=[1,1,1,1]\n",
     4,
     1,
     4,
     {4, 4},
     {4, 4}},
    {"3x3 three times by tiles",
     "a = Conv(x, w3) pads=[1,1,1,1]\nb = Conv(a, w3) pads=[1,1,1,1]\ny = Conv(b, w3) pads=[1,1,1,1]\n",
     4,
     1,
     4,
     {5, 5},
     {5, 5}},
    {"a row of three, dilated", "y = Conv(x, w13) pads=[0,2,0,2] dilations=[1,2]\n", 1, 1, 1, {0, 2}, {0, 2}},
    {"padded on one side", "y = Conv(x, w3) pads=[2,0,0,2]\n", 1, 1, 1, {2, 0}, {0, 2}},
    {"SAME_UPPER of four: one before, two behind",
     "y = Conv(x, w4) auto_pad='SAME_UPPER'\n",
     1,
     1,
     1,
     {1, 1},
     {2, 2}},
    {"reflected, then without padding",
     "p = Pad(x, c) mode='reflect'\ny = Conv(p, w3)\n"
     "init c i64 8 : 0 0 1 1 0 0 1 1\n",
     1,
     1,
     1,
     {1, 1},
     {1, 1}},
    {"stride 2 and back: an input pixel of two before it",
     "a = Conv(x, w3) pads=[1,1,1,1] strides=[2,2]\ny = ConvTranspose(a, w2) strides=[2,2]\n",
     1,
     1,
     2,
     {2, 2},
     {0, 0}},
    {"pools",
     "a = MaxPool(x) kernel_shape=[2,2] strides=[2,2]\n"
     "b = Resize(a, _, s) mode='nearest' coordinate_transformation_mode='asymmetric' nearest_mode='floor'\n"
     "init s f32 4 : 1 1 2 2\n"
     "y = AveragePool(b) kernel_shape=[3,3] pads=[1,1,1,1]\n",
     1,
     1,
     2,
     {3, 3},
     {3, 3}},
    {"twice as large by four channels",
     "a = Conv(x, w43) pads=[1,1,1,1]\ny = DepthToSpace(a) blocksize=2\n",
     1,
     2,
     1,
     {2, 2},
     {2, 2}},
    {"the same, by Reshape and Transpose",
     "a = Conv(x, w43) pads=[1,1,1,1]\n"
     "sh = Shape(x)\nh = Slice(sh, two, four)\nsix = Concat(front, h) axis=0\nb = Reshape(a, six)\n"
     "init two i64 1 : 2\ninit four i64 1 : 4\ninit front i64 4 : 1 1 2 2\ninit one i64 2 : 1 1\n"
     "init twice i64 2 : 2 2\n"
     "t = Transpose(b) perm=[0,1,4,2,5,3]\nh2 = Mul(h, twice)\nlast = Concat(one, h2) axis=0\n"
     "y = Reshape(t, last)\n",
     1,
     2,
     1,
     {2, 2},
     {2, 2}},
    {"three times as large by ConvTranspose: 9 taps, 3 of them at a time",
     "y = ConvTranspose(x, w9) strides=[3,3] pads=[4,4,4,4] output_padding=[2,2]\n",
     1,
     3,
     1,
     {2, 2},
     {4, 4}},
    {"cubic: two pixels",
     "y = Resize(x, _, s) mode='cubic'\ninit s f32 4 : 1 1 4 4\n",
     1,
     4,
     1,
     {8, 8},
     {8, 8}},
    {"linear: one pixel",
     "y = Resize(x, _, s) mode='linear'\ninit s f32 4 : 1 1 3 3\n",
     1,
     3,
     1,
     {3, 3},
     {3, 3}},
    {"blocks there and back",
     "a = SpaceToDepth(x) blocksize=2\ny = DepthToSpace(a) blocksize=2\n",
     1,
     1,
     2,
     {0, 0},
     {0, 0}},
    {"the wider of two ways",
     "a = Conv(x, w3) pads=[1,1,1,1]\nb = Conv(x, w5) pads=[2,2,2,2]\ny = Add(a, b)\n",
     1,
     1,
     1,
     {2, 2},
     {2, 2}},
    {"an edge cut off again",
     "p = Pad(x, c)\na = Conv(p, w3) pads=[1,1,1,1]\ny = Slice(a, b, e, ax)\n"
     "init c i64 8 : 0 0 2 2 0 0 2 2\ninit b i64 2 : 2 2\ninit e i64 2 : -2 -2\ninit ax i64 2 : 2 3\n",
     1,
     1,
     1,
     {1, 1},
     {1, 1}},
    {"channels turned to the end and back",
     "a = Transpose(x) perm=[0,2,3,1]\nm = MatMul(a, k)\nb = Transpose(m) perm=[0,3,1,2]\n"
     "s = Softmax(b) axis=1\nr = ReduceMean(b) axes=[1]\ny = Add(s, r)\ninit k f32 1 1 : 2\n",
     1,
     1,
     1,
     {0, 0},
     {0, 0}},
};

static void test_fields_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof local_cases / sizeof *local_cases; i++) {
        struct onnx_model *model = make_model(local_cases[i].nodes, "? ?");
        struct onnx_field  field = find(model, local_cases[i].tile);
        if (!field.local)
            fail_msg("%s: %s", local_cases[i].name, field.why);
        if (field.factor != local_cases[i].factor || field.align != local_cases[i].align ||
            memcmp(field.before, local_cases[i].before, sizeof field.before) != 0 ||
            memcmp(field.behind, local_cases[i].behind, sizeof field.behind) != 0)
            fail_msg("%s: factor %d, align %d, before %d,%d, behind %d,%d", local_cases[i].name, field.factor,
                     field.align, field.before[0], field.before[1], field.behind[0], field.behind[1]);
        assert_true(field.bytes > 0);
        onnx_model_free(model);
    }
}

/* ---- windows -------------------------------------------------------------------------------------- */

static struct bsr_tensor part_of(const struct bsr_tensor *picture, int64_t y, int64_t x, int64_t height,
                                 int64_t width)
{
    struct bsr_tensor part = {.type = BSR_F32, .dims = 4, .shape = {1, 1, height, width}};
    struct bsr_error  err = {0};

    assert_int_equal(tensor_alloc(&part, &err), BSR_OK);
    for (int64_t r = 0; r < height; r++)
        memcpy((float *)part.data + r * width, (float *)picture->data + (y + r) * picture->shape[WIDTH] + x,
               (size_t)width * sizeof(float));
    return part;
}

static struct bsr_tensor evaluate(const struct onnx_model *model, const struct bsr_tensor *input)
{
    struct evaluator *evaluator = NULL;
    struct bsr_tensor output = {.data = NULL};
    struct bsr_error  err = {0};

    if (evaluator_open(&evaluator, model, &err) != BSR_OK ||
        evaluator_run(evaluator, input, &output, NULL, NULL, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    evaluator_close(evaluator);
    return output;
}

/* Where a window gives what the picture gives: all but its inner edges. */
static void compare(const char *name, const struct onnx_field *field, const struct bsr_tensor *whole,
                    const struct bsr_tensor *part, const int64_t at[2], const bool inner[2][2])
{
    int64_t first[2], last[2];

    for (int a = 0; a < 2; a++) {
        first[a] = inner[a][0] ? field->before[a] : 0;
        last[a] = part->shape[HEIGHT + a] - (inner[a][1] ? field->behind[a] : 0);
        assert_true(first[a] < last[a]);
    }
    for (int64_t y = first[0]; y < last[0]; y++)
        for (int64_t x = first[1]; x < last[1]; x++) {
            float expected =
                ((float *)whole
                     ->data)[(at[0] * field->factor + y) * whole->shape[WIDTH] + at[1] * field->factor + x];
            float found = ((float *)part->data)[y * part->shape[WIDTH] + x];
            if (!(fabsf(expected - found) <= 1e-5F * (1 + fabsf(expected))))
                fail_msg("%s: %g is %g at %lld,%lld of the window at %lld,%lld", name, (double)expected,
                         (double)found, (long long)x, (long long)y, (long long)at[1], (long long)at[0]);
        }
}

static void test_windows_give_what_the_picture_gives(void **state)
{
    static const int64_t sides[2] = {49, 46}, window = 24;
    struct bsr_tensor    picture = {.type = BSR_F32, .dims = 4, .shape = {1, 1, sides[0], sides[1]}};
    struct bsr_error     err = {0};

    (void)state;
    assert_int_equal(tensor_alloc(&picture, &err), BSR_OK);
    for (size_t i = 0; i < (size_t)(sides[0] * sides[1]); i++)
        ((float *)picture.data)[i] = (float)(i * 2654435761U % 1009) / 500 - 1;
    for (size_t i = 0; i < sizeof local_cases / sizeof *local_cases; i++) {
        struct onnx_model *model = make_model(local_cases[i].nodes, "? ?");
        struct onnx_field  field = find(model, 1);
        int64_t even[2] = {sides[0] / field.align * field.align, sides[1] / field.align * field.align};
        struct bsr_tensor own = part_of(&picture, 0, 0, even[0], even[1]), whole = evaluate(model, &own);
        for (int at = 0; at < 4; at++) {
            int64_t begin[2] = {at & 1 ? 16 : 0, at & 2 ? 12 : 0};
            bool    ends[2] = {at & 1, !(at & 2)};
            int64_t height = ends[0] ? even[0] - begin[0] : window,
                    width = ends[1] ? even[1] - begin[1] : window;
            const bool        inner[2][2] = {{begin[0] > 0, !ends[0]}, {begin[1] > 0, !ends[1]}};
            struct bsr_tensor part = part_of(&own, begin[0], begin[1], height, width),
                              made = evaluate(model, &part);
            compare(local_cases[i].name, &field, &whole, &made, begin, inner);
            tensor_free(&part);
            tensor_free(&made);
        }
        tensor_free(&own);
        tensor_free(&whole);
        onnx_model_free(model);
    }
    tensor_free(&picture);
}

/* ---- what is not local ---------------------------------------------------------------------------- */

static const struct {
    const char *nodes, *why;
} other_cases[] = {
    {"g = GlobalAveragePool(x)\ny = Mul(x, g)\n", "'/g' (GlobalAveragePool) looks at all of the picture"},
    {"g = ReduceMean(x) axes=[2,3]\ny = Sub(x, g)\n", "'/g' (ReduceMean) looks at all of the picture"},
    {"y = Softmax(x) axis=3\n", "'/y' (Softmax) looks at all of the picture"},
    {"y = Resize(x, _, s) mode='linear' coordinate_transformation_mode='align_corners'\ninit s f32 4 : 1 1 2 "
     "2\n",
     "'/y' (Resize) stretches the picture by its size (align_corners)"},
    {"y = Resize(x, _, s) mode='linear'\ninit s f32 4 : 1 1 1.5 1.5\n",
     "'/y' (Resize) resizes by what is no whole factor"},
    {"y = Pad(x, c) mode='wrap'\ninit c i64 8 : 0 0 1 1 0 0 1 1\n", "'/y' (Pad) wraps the picture round"},
    {"y = Conv(x, w3)\n", "its output is not its input's size times a whole factor"},
    {"y = Conv(x, w3) pads=[1,1,1,1] strides=[2,2]\n",
     "its output is not its input's size times a whole factor"},
    {"t = Transpose(x) perm=[0,1,3,2]\ny = Relu(t)\n",
     "its output is no picture that follows from its input"},
    {"t = Transpose(x) perm=[0,1,3,2]\ny = Add(x, t)\n", "do not fit together"},
    {"a = Concat(x, x) axis=2\ny = Relu(a)\n", "'/a' (Concat) puts pictures side by side"},
    {"a, b = Split(x) axis=3\ny = Add(a, b)\n", "'/a' (Split) cuts the picture into pieces"},
    {"y = my.Blur(x)\nopset my 1\n", ""},
    {"y = Einsum(x, x) equation='abcd,abcd->abcd'\n",
     "'/y' (Einsum) is no operator that besra knows the reach of"},
    {"sh = Shape(x)\nk = ConstantOfShape(sh)\ny = Add(x, k)\n",
     "'/y' (Add) has a number for each place in the picture"},
    {"sh = Shape(x)\nf = Cast(sh) to=1\nm = ReduceMax(f) keepdims=0\ny = Mul(x, m)\n", "local"},
};

static void test_what_looks_further_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof other_cases / sizeof *other_cases; i++) {
        struct onnx_model *model = make_model(other_cases[i].nodes, "? ?");
        struct onnx_field  field = find(model, 4);
        bool               even = strcmp(other_cases[i].why, "local") == 0;
        if (field.local != even || (!even && !strstr(field.why, other_cases[i].why)))
            fail_msg("%s is '%s', not '%s'", other_cases[i].nodes, field.why, other_cases[i].why);
        onnx_model_free(model);
    }
}

/* Offsets that follow the size are no field. */
static void test_sizes_in_the_graph_are_found_out(void **state)
{
    static const char nodes[] =
        "sh = Shape(x)\nh = Slice(sh, two, four)\nq = Div(h, eight)\n"
        "p = Concat(zero, q, zero, zero) axis=0\na = Pad(x, p)\nb = Slice(a, zero, h, ax)\n"
        "y = Relu(b)\ninit two i64 1 : 2\ninit four i64 1 : 4\ninit eight i64 2 : 8 8\n"
        "init zero i64 2 : 0 0\ninit ax i64 2 : 2 3\n";
    struct onnx_model *model = make_model(nodes, "? ?");
    struct onnx_field  field = find(model, 1);

    (void)state;
    assert_false(field.local);
    assert_string_equal(field.why, "how far it looks depends on the size of the picture");
    onnx_model_free(model);
}

static void test_a_fixed_size_is_analysed_at_it(void **state)
{
    struct onnx_model *model = make_model("a = Reshape(x, s)\nb = Conv(a, w3) pads=[1,1,1,1]\ny = Add(b, k)\n"
                                          "init s i64 4 : 1 1 40 24\ninit k f32 1 : 3\n",
                                          "40 24");
    struct onnx_field  field = find(model, 1);

    (void)state;
    assert_true(field.local);
    assert_int_equal(field.before[0], 1);
    onnx_model_free(model);
}

static void test_memory_that_ends_is_told(void **state)
{
    struct onnx_model        *model = make_model(local_cases[3].nodes, "? ?");
    struct onnx_field_options options = {.tile = 4};
    bsr_status                status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status != BSR_OK; n++) {
        struct onnx_field field = {.factor = 77};
        struct bsr_error  err = {0};
        mem_fail_from(n);
        status = onnx_field_find(&field, model, &options, &err);
        mem_fail_from(0);
        if (status != BSR_OK) {
            assert_int_equal(status, BSR_ENOMEM);
            assert_int_equal(field.factor, 77);
        }
    }
    onnx_model_free(model);
}

/* ---- hostile models ------------------------------------------------------------------------------- */

static void test_mutated_models_do_no_harm(void **state)
{
    uint64_t random = UINT64_C(0x6669656c64);

    (void)state;
    for (size_t i = 0; i < sizeof local_cases / sizeof *local_cases; i++) {
        struct onnx_model *model = make_model(local_cases[i].nodes, "? ?");
        struct bytes       bytes = {0};
        struct bsr_error   err = {0};
        assert_int_equal(onnx_prepare(model, &(struct onnx_prepare_options){.max_opset = 0}, NULL, &err),
                         BSR_OK);
        assert_int_equal(onnx_model_write(model, &bytes, &err),
                         BSR_OK); /* without weights that nobody reads */
        for (int n = 0; n < 150; n++)
            run_mutations(bytes.data, bytes.size, 3, &random);
        bytes_free(&bytes);
        onnx_model_free(model);
    }
}

/* A normalisation of what is no picture beside one that is. */
static void test_pictures_in_unusual_places_are_refused(void **state)
{
    static const char  nodes[] = "n = LayerNormalization(k, x)\ny = Relu(n)\ninit k f32 1 1 1 1 : 3\n";
    struct onnx_model *model = make_model(nodes, "? ?");

    (void)state;
    assert_false(find(model, 1).local);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_those_worked_out_by_hand),
        cmocka_unit_test(test_windows_give_what_the_picture_gives),
        cmocka_unit_test(test_what_looks_further_is_told),
        cmocka_unit_test(test_sizes_in_the_graph_are_found_out),
        cmocka_unit_test(test_a_fixed_size_is_analysed_at_it),
        cmocka_unit_test(test_memory_that_ends_is_told),
        cmocka_unit_test(test_mutated_models_do_no_harm),
        cmocka_unit_test(test_pictures_in_unusual_places_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
