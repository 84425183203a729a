#include "tests/onnx/random_graph.h"

#include "tests/onnx/graph_text.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_VALUES = 96, MOST_LINES = 128, LINE = 320 };

/* What has been written so far. All f32 values have the shape [2][3][4], whole ones are shapes of it. */
struct writing {
    uint64_t state;
    char     floats[MOST_VALUES][24], shapes[MOST_VALUES][24];
    int      float_count, shape_count, made;
    char     lines[MOST_LINES][LINE];
    int      line_count;
};

static int pick(struct writing *writing, int count)
{
    return (int)(next_random(&writing->state) >> 33) % count;
}

/* A value, more often a late one. */
static const char *some_float(struct writing *writing)
{
    int back = pick(writing, writing->float_count), near = pick(writing, 4);
    int at = pick(writing, 2) && near < writing->float_count ? writing->float_count - 1 - near : back;
    return writing->floats[at];
}

static const char *some_shape(struct writing *writing)
{
    return writing->shapes[pick(writing, writing->shape_count)];
}

static const char *new_name(struct writing *writing, const char *kind)
{
    static char name[24];
    snprintf(name, sizeof name, "%s%d", kind, writing->made++);
    return name;
}

static const char *new_float(struct writing *writing)
{
    return strcpy(writing->floats[writing->float_count++], new_name(writing, "v")); /* NOLINT: short */
}

static const char *new_shape(struct writing *writing)
{
    return strcpy(writing->shapes[writing->shape_count++], new_name(writing, "s")); /* NOLINT: short */
}

static void put(struct writing *writing, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writing *writing, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(writing->lines[writing->line_count++], LINE, format, list);
    va_end(list);
}

/* A node on values that keep their shape. */
static void put_arithmetic(struct writing *writing)
{
    static const char *const unary[] = {"Neg",      "Abs",      "Relu",    "Sigmoid", "Tanh",
                                        "Identity", "my.Debug", "Dropout", "my.Half"};
    static const char *const binary[] = {"Sub", "Max", "Min", "my.Mean"};
    const char              *a = some_float(writing), *b = some_float(writing);

    if (pick(writing, 2))
        put(writing, "%s = %s(%s)", new_float(writing), unary[pick(writing, 9)], a);
    else
        put(writing, "%s = %s(%s, %s)", new_float(writing), binary[pick(writing, 4)], a, b);
}

/* There and back again: axes, types, pads. */
static void put_detour(struct writing *writing)
{
    const char *a = some_float(writing);
    char        middle[24];

    snprintf(middle, sizeof middle, "%s", new_name(writing, "m"));
    switch (pick(writing, 5)) {
    case 0:
        put(writing, "%s = Transpose(%s) perm=[2,0,1]", middle, a);
        put(writing, "%s = Transpose(%s) perm=[1,2,0]", new_float(writing), middle);
        break;
    case 1:
        put(writing, "%s = Flatten(%s)", middle, a);
        put(writing, "%s = Reshape(%s, %s)", new_float(writing), middle,
            pick(writing, 2) ? "auto" : some_shape(writing));
        break;
    case 2:
        put(writing, "%s = Cast(%s) to=11", middle, a);
        put(writing, "%s = Cast(%s) to=1", new_float(writing), middle);
        break;
    case 3:
        put(writing, "%s = Transpose(%s) perm=[0,1,2]", middle, a);
        put(writing, "%s = Pad(%s, nopad)", new_float(writing), middle);
        break;
    default:
        put(writing, "%s = Concat(%s, %s) axis=1", middle, a, some_float(writing));
        put(writing, "%s = Slice(%s, one, four, one)", new_float(writing), middle);
    }
}

/* Whole numbers that follow from a shape: 2 3 4 again in the end. */
static void put_shape(struct writing *writing)
{
    char first[24];

    snprintf(first, sizeof first, "%s", new_name(writing, "f"));
    switch (pick(writing, 3)) {
    case 0:
        put(writing, "%s = Shape(%s)", new_shape(writing), some_float(writing));
        break;
    case 1:
        put(writing, "%s = Gather(%s, zero)", first, some_shape(writing));
        put(writing, "%s = Concat(%s, three, four) axis=0", new_shape(writing), first);
        break;
    default:
        put(writing, "%s = Mul(%s, ones)", first, some_shape(writing));
        put(writing, "%s = Identity(%s)", new_shape(writing), first);
    }
}

static void put_constant(struct writing *writing)
{
    char seed[24];

    snprintf(seed, sizeof seed, "%s", new_name(writing, "k"));
    put(writing, "%s = Constant() value_float=0.%d5", seed, pick(writing, 9));
    put(writing, "%s = Expand(%s, %s)", new_float(writing), seed, some_shape(writing));
}

static void put_if(struct writing *writing)
{
    static const char *const conditions[] = {"c", "yes", "no"};
    const char              *a = some_float(writing), *b = some_float(writing);
    const char              *condition = conditions[pick(writing, 3)];

    put(writing,
        "%s = If(%s)\nbegin then_branch\n init k f32 : 0.25\n t = Sub(%s, k)\n u = Abs(t)\n output u\nend\n"
        "begin else_branch\n output %s\nend",
        new_float(writing), condition, a, b);
}

static void put_something(struct writing *writing)
{
    switch (pick(writing, 10)) {
    case 0:
    case 1:
        put_detour(writing);
        break;
    case 2:
        put_shape(writing);
        break;
    case 3:
        put_constant(writing);
        break;
    case 4:
        put_if(writing);
        break;
    default:
        put_arithmetic(writing);
    }
}

static const char head[] =
    "opset my 1\n"
    "input x f32 2 3 4\ninput y f32 2 3 4\ninput c bool\ninput n i64 3\n"
    "init nopad i64 6 : 0 0 0 0 0 0\ninit one i64 1 : 1\ninit four i64 1 : 4\n"
    "init zero i64 1 : 0\ninit three i64 1 : 3\ninit ones i64 3 : 1 1 1\n"
    "init yes bool : 1\ninit no bool : 0\ninit unread f32 : 1\n"
    "init shape i64 3 : 2 3 4\ninit auto i64 3 : 0 -1 4\n"
    "function my.Half(v) -> (r)\n  opset 13\n  h = Constant() value_float=0.5\n"
    "  r = Mul(v, h)\nend\n"
    "function my.Mean(v, w) -> (r)\n  opset 13\n  s = Add(v, w)\n  r = my.Half(s)\nend\n";

/* Text of a size that no graph of these reaches. */
struct text {
    char   data[64 * 1024];
    size_t used;
};

static void append(struct text *text, const char *line)
{
    text->used += (size_t)snprintf(text->data + text->used, sizeof text->data - text->used, "%s\n", line);
    assert_true(text->used < sizeof text->data);
}

struct onnx_model *random_graph(uint64_t seed)
{
    static struct writing writing;
    static struct text    text;

    writing = (struct writing){.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    text.used = 0;
    for (int i = 0; i < 8; i++)
        next_random(&writing.state);
    strcpy(writing.floats[writing.float_count++], "x");     /* NOLINT: short */
    strcpy(writing.floats[writing.float_count++], "y");     /* NOLINT: short */
    strcpy(writing.shapes[writing.shape_count++], "shape"); /* NOLINT: short */
    for (int left = 5 + pick(&writing, 25); left > 0; left--)
        put_something(&writing);

    append(&text, head);
    for (int i = writing.line_count - 1; i > 0 && seed % 3 == 0; i--) { /* another order */
        char line[LINE];
        int  other = pick(&writing, i + 1);
        memcpy(line, writing.lines[i], LINE);
        memcpy(writing.lines[i], writing.lines[other], LINE);
        memcpy(writing.lines[other], line, LINE);
    }
    for (int i = 0; i < writing.line_count; i++)
        append(&text, writing.lines[i]);
    for (int outputs = 1 + pick(&writing, 4); outputs > 0; outputs--) {
        char line[64];
        bool whole = pick(&writing, 8) == 0;
        snprintf(line, sizeof line, "output %s %s", whole ? some_shape(&writing) : some_float(&writing),
                 whole ? "i64 3" : "f32 2 3 4");
        if (!strstr(text.data, line)) /* each once */
            append(&text, line);
    }
    return model_of_text(text.data);
}
