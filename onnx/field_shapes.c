/* Where y and x are in what was cut, turned and folded. */
#include "onnx/field_rule.h"

#include <string.h>

enum { MOST_SHIFT = 1 << 12 };

/* ---- Transpose ------------------------------------------------------------------------------------ */

static const char *run_transpose(const struct field_step *step)
{
    const struct field_value *value = step->inputs[0];
    int                       dims = value ? value->tensor.dims : 0;

    if (!dims)
        return "turns what is no picture";
    for (int a = 0; a < FIELD_AXES; a++) {
        step->outputs[0].axes[a] = value->axes[a];
        for (int d = 0; d < dims; d++)
            if (field_int_at(step->view, "perm", d, dims - 1 - d) == value->place[a])
                step->outputs[0].place[a] = d;
    }
    return NULL;
}

/* ---- Reshape -------------------------------------------------------------------------------------- */

/* Dimensions of the input and of the output that hold the same numbers: first .. last - 1 of each. */
struct group {
    int in[2], out[2];
};

/* The next group, the shortest there is. */
static bool next_group(struct group *group, const struct bsr_tensor *in, const struct bsr_tensor *out)
{
    int64_t ins = 1, outs = 1;

    group->in[0] = group->in[1];
    group->out[0] = group->out[1];
    do {
        if (ins <= outs && group->in[1] < in->dims)
            ins *= in->shape[group->in[1]++];
        else if (group->out[1] < out->dims)
            outs *= out->shape[group->out[1]++];
        else
            return false;
    } while (ins != outs || group->in[0] == group->in[1] || group->out[0] == group->out[1]);
    return true;
}

/* An axis that stays by itself, or takes the dimension behind it in (a row of blocks, of rows each), or is
 * taken apart into blocks. */
static const char *fold_axis(const struct field_step *step, int axis, const struct group *group)
{
    const struct field_value *value = step->inputs[0];
    struct field_value       *out = &step->outputs[0];
    const struct field_axis  *from = &value->axes[axis];
    int64_t                   side = value->tensor.shape[value->place[axis]], more = 1, parts = 1;

    for (int d = group->in[0]; d < value->place[axis]; d++)
        if (value->tensor.shape[d] != 1)
            return "mixes places with channels";
    for (int d = value->place[axis] + 1; d < group->in[1]; d++)
        more *= value->tensor.shape[d];
    for (int d = group->out[0]; d < group->out[1]; d++) {
        out->place[axis] = d;
        if (out->tensor.shape[d] != 1)
            break;
    }
    for (int d = out->place[axis] + 1; d < group->out[1]; d++)
        parts *= out->tensor.shape[d];
    if (more > 1 && parts > 1)
        return "folds the picture in a way that besra does not know";
    if (value->place[!axis] >= group->in[0] && value->place[!axis] < group->in[1])
        return "makes one dimension of y and x";
    if (side < 1 || out->tensor.shape[out->place[axis]] != side * more / parts)
        return "folds the picture in a way that besra does not know";
    return field_set_axis(step, axis, more, parts, field_ceil_division(field_before(from) * more, parts),
                          field_floor_division(field_behind(from) * more + parts - 1, parts))
               ? NULL
               : field_not_square;
}

static const char *run_reshape(const struct field_step *step)
{
    const struct field_value *value = step->inputs[0];
    struct group              group = {.in = {0, 0}};
    bool                      found[FIELD_AXES] = {false, false};

    if (!value || tensor_count(&value->tensor) != tensor_count(&step->outputs[0].tensor))
        return "folds what is no picture";
    while (next_group(&group, &value->tensor, &step->outputs[0].tensor))
        for (int a = 0; a < FIELD_AXES; a++)
            if (value->place[a] >= group.in[0] && value->place[a] < group.in[1]) {
                const char *why = fold_axis(step, a, &group);
                if (why)
                    return why;
                found[a] = true;
            }
    return found[FIELD_Y] && found[FIELD_X] ? NULL : "folds the picture in a way that besra does not know";
}

/* ---- Slice ---------------------------------------------------------------------------------------- */

/* The numbers of a list that is an attribute of old Slices and a constant of new ones. */
static bool read_list(int64_t *out, int *count, const struct onnx_node_view *view, const char *name,
                      int input)
{
    const struct bsr_tensor *given = field_constant(view, input);

    *count = 0;
    if (view->node.opset < 10) {
        const int64_t *listed = bsr_node_ints(&view->node, name, count);
        for (int i = 0; listed && i < *count && i < BSR_MAX_DIMS; i++)
            out[i] = listed[i];
        return *count <= BSR_MAX_DIMS;
    }
    if (!given)
        return input >= view->input_count || !view->inputs[input];
    size_t numbers = tensor_count(given);
    if (numbers > BSR_MAX_DIMS)
        return false;
    *count = (int)numbers;
    for (int i = 0; i < *count; i++)
        out[i] = tensor_get_int(given, (size_t)i);
    return true;
}

/* Begins `start` pixels further on. */
static bool cut(const struct field_step *step, int axis, int64_t start)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];

    return start <= MOST_SHIFT &&
           field_set_axis(step, axis, 1, 1, field_before(from) - start, field_behind(from) + start);
}

static const char *run_slice(const struct field_step *step)
{
    const struct field_value *value = step->inputs[0];
    int64_t                   starts[BSR_MAX_DIMS] = {0}, axes[BSR_MAX_DIMS] = {0}, steps[BSR_MAX_DIMS] = {0};
    int64_t                   at[FIELD_AXES] = {0, 0};
    int                       count, axis_count, step_count;

    if (!value || !read_list(starts, &count, step->view, "starts", 1) ||
        !read_list(axes, &axis_count, step->view, "axes", 3) ||
        !read_list(steps, &step_count, step->view, "steps", 4) || (axis_count && axis_count != count) ||
        (step_count && step_count != count))
        return "cuts where the picture says";
    for (int i = 0; i < count; i++) {
        int64_t axis = axis_count ? axes[i] : i;
        axis += axis < 0 ? value->tensor.dims : 0;
        for (int a = 0; a < FIELD_AXES; a++) {
            if (axis != value->place[a])
                continue;
            int64_t side = value->tensor.shape[value->place[a]];
            if (step_count && steps[i] != 1)
                return "leaves out rows or columns";
            at[a] = starts[i] < 0 ? starts[i] + side : starts[i];
            at[a] = at[a] < 0 ? 0 : at[a] > side ? side : at[a];
        }
    }
    for (int a = 0; a < FIELD_AXES; a++) {
        step->outputs[0].place[a] = value->place[a];
        if (!cut(step, a, at[a]))
            return "cuts the picture into pieces";
    }
    return NULL;
}

const struct field_rule field_shapes[] = {
    {"Transpose", run_transpose},
    {"Reshape", run_reshape},
    {"Slice", run_slice},
    {.type = NULL},
};
