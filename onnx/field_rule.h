/* onnx/field_rule.h: what one node does to the receptive field. For the files of receptive_field.h only. */
#pragma once

#include "onnx/view.h"

enum { FIELD_Y, FIELD_X, FIELD_AXES };

/* Multiples that windows begin at, in pixels, beyond which they are not worth cutting. */
enum { FIELD_MOST_ALIGN = 1024 };

/* An axis of a map, against that of the picture. A map's size is (pixels of the picture) * scale + excess. Of
 * a window's map, `before` pixels at its begin and `behind` pixels before (its window's end) * scale differ
 * from those of the whole picture; `behind` may be negative. */
struct field_axis {
    int64_t scale[2]; /* a fraction, reduced */
    int64_t before, behind, excess;
};

/* A value that follows from the picture. */
struct field_value {
    bool              follows;
    struct bsr_tensor tensor;            /* type and shape */
    int               place[FIELD_AXES]; /* the dimensions that are y and x */
    struct field_axis axes[FIELD_AXES];
};

/* What is found on the way. */
struct field_search {
    int     tile;
    int64_t picture[FIELD_AXES]; /* its sides */
    int64_t align;               /* of the picture's pixels */
};

/* A node at work: inputs that are constants, or left out, are NULL. */
struct field_step {
    struct field_search             *search;
    const struct onnx_node_view     *view;
    const struct field_value *const *inputs;
    struct field_value              *outputs; /* with tensors; `follows` is set already */
};

/* Fills place and axes of the outputs. NULL, or why it can't be said how far the node looks: the end of a
 * sentence that begins with its name ("looks at all of the picture"). The first input follows. */
typedef const char *field_run(const struct field_step *step);

struct field_rule {
    const char *type;
    field_run  *run;
};

/* Each ended by a type NULL. */
extern const struct field_rule field_elements[], field_shapes[], field_windows[];

/* ---- for the rules ------------------------------------------------------------------------------ */

extern const char field_looks_everywhere[], field_not_square[];

int64_t field_floor_division(int64_t a, int64_t b);
int64_t field_ceil_division(int64_t a, int64_t b);

/* The first input, [N][C][H][W] with y and x last; NULL when it isn't. */
const struct field_value *field_map(const struct field_step *step);

/* Pixels at the edges of a map that differ, those that the net pads it with included. */
int64_t field_before(const struct field_axis *axis);
int64_t field_behind(const struct field_axis *axis);

/* Makes the axis of output 0: enlarged by up / down, with these margins; the excess follows from its shape.
 * False where the picture's side does not divide. */
bool field_set_axis(const struct field_step *step, int axis, int64_t up, int64_t down, int64_t before,
                    int64_t behind);

/* Windows must begin where the axis of a map is a multiple of `pixels`. */
void field_align(struct field_search *search, const struct field_axis *axis, int64_t pixels);

/* The element of a list of whole numbers that is an attribute, or `otherwise`. */
int64_t field_int_at(const struct onnx_node_view *view, const char *name, int index, int64_t otherwise);

/* The values of a constant input, or NULL. */
const struct bsr_tensor *field_constant(const struct onnx_node_view *view, int input);

/* Outputs get place and axes of a value. */
void field_hand_on(const struct field_step *step, const struct field_value *value);
