#include "engine/complaint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Copies `length` bytes as one printable line: runs of blanks, line breaks and the '>' that OpenCV sets
 * before its lines become one blank, other control characters '?'. Too long a text ends in "...". */
static void copy_line(char *dst, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    bool   gap = false, line_start = true;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        line_start = line_start || c == '\n';
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || (line_start && (c == '>' || c == ':'))) {
            gap = true;
            continue;
        }
        line_start = false;
        if (used + 6 > size) { /* a blank, a character, the dots and the zero */
            memcpy(dst + used, "...", 4);
            return;
        }
        if (gap && used)
            dst[used++] = ' ';
        gap = false;
        dst[used++] = (char)(c < ' ' || c == 0x7F ? '?' : c);
    }
    dst[used] = '\0';
}

static const char *skip_prefix(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : text;
}

const char *complaint_node_name(const char *layer)
{
    const char *mark = strchr(layer, '!');
    return mark && strncmp(layer, "onnx_node", 9) == 0 ? mark + 1 : layer;
}

/* "Node [Resize@ai.onnx]:(onnx_node!/Resize) parse error: ...". Returns what follows, or `text`. */
static const char *read_node(struct complaint *complaint, const char *text)
{
    static const char tail[] = ") parse error: ";
    const char       *open = strstr(text, "Node [");
    const char       *middle = open ? strstr(open, "]:(") : NULL;
    const char       *close = middle ? strstr(middle, tail) : NULL;

    if (!close)
        return text;
    const char *op = open + strlen("Node [");
    const char *at = memchr(op, '@', (size_t)(middle - op));
    const char *op_end = at ? at : middle;
    const char *domain = at ? at + 1 : middle;
    bool        own = domain == middle || strncmp(domain, "ai.onnx]", 8) == 0;
    char        name[sizeof complaint->op], where[sizeof complaint->op];

    copy_line(name, sizeof name, op, (size_t)(op_end - op));
    copy_line(where, sizeof where, domain, (size_t)(middle - domain));
    int length =
        snprintf(complaint->op, sizeof complaint->op, "%s%s%s", own ? "" : where, own ? "" : ".", name);
    if (length >= (int)sizeof complaint->op)
        copy_line(complaint->op, sizeof complaint->op, name, strlen(name));

    const char *layer = middle + strlen("]:(");
    const char *mark = complaint_node_name(layer);
    const char *node = mark < close ? mark : layer;
    copy_line(complaint->node, sizeof complaint->node, node, (size_t)(close - node));
    return close + strlen(tail);
}

/* "OpenCV(4.6.0) ./modules/x.cpp:404: error: (-215:Assertion failed) ...": without all of this. */
static const char *skip_origin(const char *text, bool *assertion)
{
    const char *error = strstr(text, "error: (");

    *assertion = false;
    if (strncmp(text, "OpenCV(", 7) != 0 || !error)
        return text;
    *assertion = strncmp(error, "error: (-215:", 13) == 0;
    const char *close = strstr(error, ") ");
    return close ? close + 2 : error;
}

/* Sentences for what is met often; the others are quoted. */
static const struct {
    const char *needle, *sentence;
} known[] = {
    {"'interpolation' is cubic", "mode cubic is not supported"},
    {"Can't create layer", "this operator is unknown to it"},
    {"!isDynamicShape", "it needs shapes that are fixed in the model, here they depend on the input"},
    {"layer_id.find(node_proto.input(i)) == layer_id.end()",
     "it needs constants where the model computes values or takes them as inputs"},
    {"Unsupported data type: FLOAT16", "its weights are 16-bit floats (FLOAT16), which are not supported"},
    {"maskTotal", "the shape that it is to take does not fit the number of values"},
    {"Inconsistent shape for ConcatLayer", "its inputs have sizes that do not fit together"},
    {"tensor.has_shape()", "an input or output has no declared shape"},
    {"Failed to parse", "OpenCV's reader finds the file damaged"},
};

static bool read_known(struct complaint *complaint, const char *text)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(text, known[i].needle)) {
            snprintf(complaint->reason, sizeof complaint->reason, "%s", known[i].sentence);
            return true;
        }
    return false;
}

/* The text itself, without " in function 'getMemoryShapes'" and what OpenCV sets round it. */
static void read_reason(struct complaint *complaint, const char *text)
{
    static const char place[] = "in function '";
    char              line[sizeof complaint->reason - 32];
    bool              assertion;
    const char       *body = skip_origin(skip_prefix(text, "> "), &assertion);
    const char       *in = strstr(body, place);
    const char       *rest = in ? strchr(in + strlen(place), '\'') : NULL;

    copy_line(line, sizeof line, body, in ? (size_t)(in - body) : strlen(body));
    if (!*line && rest) /* CV_Check...: the text comes behind the place */
        copy_line(line, sizeof line, rest + 1, strlen(rest + 1));
    if (*line)
        snprintf(complaint->reason, sizeof complaint->reason, assertion ? "it asks that %s" : "%s", line);
}

void complaint_read(struct complaint *complaint, const char *text)
{
    memset(complaint, 0, sizeof *complaint);
    const char *rest = read_node(complaint, text);
    if (!read_known(complaint, rest))
        read_reason(complaint, rest);
}
