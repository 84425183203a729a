/* What the rules have in common. */
#include "onnx/field_rule.h"

#include <string.h>

enum { NCHW = 4, HEIGHT = 2 };

/* More than any net asks for whose windows are worth cutting. */
enum { MOST_FACTOR = 64 };

const char field_looks_everywhere[] = "looks at all of the picture";
const char field_not_square[] = "makes maps that no window of the picture can be told for";

int64_t field_floor_division(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t field_ceil_division(int64_t a, int64_t b)
{
    return -field_floor_division(-a, b);
}

const struct field_value *field_map(const struct field_step *step)
{
    const struct field_value *map = step->inputs[0];

    return map && map->tensor.dims == NCHW && map->place[FIELD_Y] == HEIGHT &&
                   map->place[FIELD_X] == HEIGHT + 1
               ? map
               : NULL;
}

int64_t field_before(const struct field_axis *axis)
{
    return axis->before > 0 ? axis->before : 0;
}

int64_t field_behind(const struct field_axis *axis)
{
    return axis->behind > -axis->excess ? axis->behind : -axis->excess;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void field_align(struct field_search *search, const struct field_axis *axis, int64_t pixels)
{
    int64_t whole = axis->scale[1] * pixels, need = whole / common_divisor(whole, axis->scale[0]);

    if (search->align <= FIELD_MOST_ALIGN)
        search->align *= need / common_divisor(search->align, need);
}

bool field_set_axis(const struct field_step *step, int axis, int64_t up, int64_t down, int64_t before,
                    int64_t behind)
{
    struct field_value      *out = &step->outputs[0];
    const struct field_axis *from = &step->inputs[0]->axes[axis];
    struct field_axis       *made = &out->axes[axis];
    int64_t                  picture = step->search->picture[axis];

    made->scale[0] = from->scale[0] * up;
    made->scale[1] = from->scale[1] * down;
    int64_t common = common_divisor(made->scale[0], made->scale[1]);
    made->scale[0] /= common;
    made->scale[1] /= common;
    if (made->scale[0] > MOST_FACTOR || picture % made->scale[1])
        return false;
    made->before = before > 0 ? before : 0;
    made->behind = behind;
    made->excess = out->tensor.shape[out->place[axis]] - picture / made->scale[1] * made->scale[0];
    field_align(step->search, made, 1);
    return true;
}

int64_t field_int_at(const struct onnx_node_view *view, const char *name, int index, int64_t otherwise)
{
    int            count = 0;
    const int64_t *values = bsr_node_ints(&view->node, name, &count);

    return values && index < count ? values[index] : otherwise;
}

const struct bsr_tensor *field_constant(const struct onnx_node_view *view, int input)
{
    const struct bsr_tensor *tensor = input < view->input_count ? view->inputs[input] : NULL;
    return tensor && tensor->data ? tensor : NULL;
}

void field_hand_on(const struct field_step *step, const struct field_value *value)
{
    for (int i = 0; i < step->view->output_count; i++) {
        memcpy(step->outputs[i].place, value->place, sizeof value->place);
        memcpy(step->outputs[i].axes, value->axes, sizeof value->axes);
    }
}
