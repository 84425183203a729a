/* RoiAlign (He et al., "Mask R-CNN", 2017) and MaxRoiPool (Girshick, "Fast R-CNN", 2015): pieces of feature
 * maps, each at the same size. */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>

enum { SIDE_MAX = 1 << 24, SAMPLES_MAX = 1 << 12 };

/* The output [boxes][C][height][width]; x is [N][C][H][W]. */
static bsr_status set_output(const struct bsr_call *call, int64_t boxes, int64_t height, int64_t width,
                             struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0];
    int64_t                  shape[] = {boxes, x->shape[1], height, width};

    if (height < 1 || width < 1 || height > SIDE_MAX || width > SIDE_MAX)
        return call_refuse(err, "pieces of %lldx%lld are out of range", (long long)height, (long long)width);
    return call_set(call, 0, x->type, 4, shape, err);
}

static bsr_status check_inputs(const struct bsr_call *call, int64_t columns, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *rois = call->inputs[1];

    if (x->dims != 4 || !type_is_float(x->type) || rois->type != x->type)
        return call_refuse(err, "it can't cut %s boxes out of %s of shape %s", tensor_type_name(rois->type),
                           tensor_type_name(x->type), tensor_shape_text(x).text);
    if (rois->dims != 2 || rois->shape[1] != columns)
        return call_refuse(err, "its boxes have the shape %s, not Nx%lld", tensor_shape_text(rois).text,
                           (long long)columns);
    if (x->shape[2] < 1 || x->shape[3] < 1 || x->shape[2] > SIDE_MAX || x->shape[3] > SIDE_MAX)
        return call_refuse(err, "maps of %lldx%lld are out of range", (long long)x->shape[2],
                           (long long)x->shape[3]);
    return BSR_OK;
}

/* The picture that a box is of. */
static bsr_status check_batch(int64_t *batch, double value, const struct bsr_tensor *x, struct bsr_error *err)
{
    if (!(value >= 0 && value < (double)x->shape[0]))
        return call_refuse(err, "a box is of picture %g of %lld", value, (long long)x->shape[0]);
    *batch = (int64_t)value;
    return BSR_OK;
}

/* ---- RoiAlign -------------------------------------------------------------------------------------- */

struct align {
    int64_t height, width,
        samples; /* of a piece; of a bin and axis, 0: as many as it has elements, at most SAMPLES_MAX */
    double scale, shift;
    bool   is_max, floor_size; /* boxes of at least one element, as before half_pixel */
};

static bsr_status align_read(struct align *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    const char            *mode = bsr_node_text(node, "mode", "avg");
    const char            *transform = bsr_node_text(node, "coordinate_transformation_mode",
                                          node->opset >= 16 ? "half_pixel" : "output_half_pixel");
    bool                   half = strcmp(transform, "half_pixel") == 0;
    struct align           align = {.height = bsr_node_int(node, "output_height", 1),
                                    .width = bsr_node_int(node, "output_width", 1),
                                    .samples = bsr_node_int(node, "sampling_ratio", 0),
                                    .scale = (double)bsr_node_float(node, "spatial_scale", 1),
                                    .shift = half ? 0.5 : 0,
                                    .is_max = strcmp(mode, "max") == 0,
                                    .floor_size = !half};

    if ((!align.is_max && strcmp(mode, "avg") != 0) || (!half && strcmp(transform, "output_half_pixel") != 0))
        return call_refuse(err, "mode %s with %s is not known", mode, transform);
    if (align.samples < 0 || align.samples > SAMPLES_MAX)
        return call_refuse(err, "sampling_ratio is %lld", (long long)align.samples);
    *out = align;
    return BSR_OK;
}

static bsr_status align_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct align align;
    bsr_status   status = call_expect(call, 3, 3, err);

    if (status == BSR_OK)
        status = align_read(&align, call, err);
    if (status == BSR_OK)
        status = check_inputs(call, 4, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *batch = call->inputs[2];
    if (batch->dims != 1 || batch->shape[0] != call->inputs[1]->shape[0] || !type_is_integer(batch->type))
        return call_refuse(err, "its batch indices are %s of shape %s", tensor_type_name(batch->type),
                           tensor_shape_text(batch).text);
    return set_output(call, call->inputs[1]->shape[0], align.height, align.width, err);
}

/* A box on the map, in elements: where its bins begin and how large they are. */
struct box {
    double  top, left, bin_height, bin_width;
    int64_t rows, columns; /* samples of a bin */
};

static struct box box_of(const struct align *align, const struct bsr_tensor *rois, size_t n)
{
    double     corner[4];
    struct box box;

    for (size_t i = 0; i < 4; i++)
        corner[i] = tensor_get(rois, 4 * n + i) * align->scale - align->shift;
    double width = corner[2] - corner[0], height = corner[3] - corner[1];
    if (align->floor_size) {
        width = width > 1 ? width : 1;
        height = height > 1 ? height : 1;
    }
    box.left = corner[0];
    box.top = corner[1];
    box.bin_width = width / (double)align->width;
    box.bin_height = height / (double)align->height;
    double rows = ceil(box.bin_height), columns = ceil(box.bin_width);
    box.rows = align->samples ? align->samples
               : rows > 0     ? rows < SAMPLES_MAX ? (int64_t)rows : SAMPLES_MAX
                              : 0;
    box.columns = align->samples ? align->samples
                  : columns > 0  ? columns < SAMPLES_MAX ? (int64_t)columns : SAMPLES_MAX
                                 : 0;
    return box;
}

/* The four elements around (y, x) and their parts; false beyond an element's breadth around the map. */
struct corners {
    size_t at[4];
    double part[4];
};

static bool find_corners(struct corners *out, const struct bsr_tensor *x, double row, double column)
{
    int64_t height = x->shape[2], width = x->shape[3];

    if (!(row >= -1 && row <= (double)height && column >= -1 && column <= (double)width))
        return false;
    row = row > 0 ? row : 0;
    column = column > 0 ? column : 0;
    row = row < (double)(height - 1) ? row : (double)(height - 1);
    column = column < (double)(width - 1) ? column : (double)(width - 1);
    int64_t top = (int64_t)row, left = (int64_t)column;
    double  down = row - (double)top, right = column - (double)left;
    for (int i = 0; i < 4; i++) {
        int64_t y = top + i / 2 < height ? top + i / 2 : height - 1;
        int64_t z = left + i % 2 < width ? left + i % 2 : width - 1;
        out->at[i] = (size_t)(y * width + z);
        out->part[i] = (i / 2 ? down : 1 - down) * (i % 2 ? right : 1 - right);
    }
    return true;
}

/* One bin of one plane. ONNX's max is the largest of the weighed corners, not of the samples. */
static double bin_of(const struct align *align, const struct box *box, const struct bsr_tensor *x,
                     size_t plane, int64_t bin_row, int64_t bin_column)
{
    double sum = 0, most = -INFINITY;
    bool   seen = false;

    for (int64_t i = 0; i < box->rows; i++)
        for (int64_t j = 0; j < box->columns; j++) {
            double row =
                box->top + ((double)bin_row + ((double)i + 0.5) / (double)box->rows) * box->bin_height;
            double column =
                box->left + ((double)bin_column + ((double)j + 0.5) / (double)box->columns) * box->bin_width;
            struct corners corners = {{0}, {0}};
            bool           inside = find_corners(&corners, x, row, column);
            for (int c = 0; c < 4; c++) {
                double value = inside ? corners.part[c] * tensor_get(x, plane + corners.at[c]) : 0;
                sum += value;
                most = value > most ? value : most;
            }
            seen = true;
        }
    if (align->is_max)
        return seen ? most : 0;
    return seen ? sum / ((double)box->rows * (double)box->columns) : 0;
}

static bsr_status align_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *rois = call->inputs[1];
    struct align             align;
    size_t                   out = 0, plane = (size_t)x->shape[2] * (size_t)x->shape[3];
    bsr_status               status = align_read(&align, call, err);

    for (int64_t n = 0; status == BSR_OK && n < rois->shape[0]; n++) {
        struct box box = box_of(&align, rois, (size_t)n);
        int64_t    batch = 0;
        status = check_batch(&batch, tensor_get(call->inputs[2], (size_t)n), x, err);
        for (int64_t c = 0; status == BSR_OK && c < x->shape[1]; c++)
            for (int64_t i = 0; i < align.height; i++)
                for (int64_t j = 0; j < align.width; j++)
                    tensor_set(&call->outputs[0], out++,
                               bin_of(&align, &box, x, (size_t)(batch * x->shape[1] + c) * plane, i, j));
    }
    return status;
}

/* ---- MaxRoiPool: boxes [N][picture, x1, y1, x2, y2], rounded to whole elements ----------------------- */

static bsr_status pooled_sides(int64_t *sides, const struct bsr_node *node, struct bsr_error *err)
{
    int            count;
    const int64_t *list = bsr_node_ints(node, "pooled_shape", &count);

    if (!list || count != 2)
        return call_refuse(err, "pooled_shape has %d numbers, not 2", count);
    sides[0] = list[0];
    sides[1] = list[1];
    return BSR_OK;
}

static bsr_status pool_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    sides[2] = {0};
    bsr_status status = call_expect(call, 2, 2, err);

    if (status == BSR_OK)
        status = check_inputs(call, 5, err);
    if (status == BSR_OK)
        status = pooled_sides(sides, call->node, err);
    return status == BSR_OK ? set_output(call, call->inputs[1]->shape[0], sides[0], sides[1], err) : status;
}

/* Element `bin` of `bins` covers first..last-1 of a side of `length`; the box begins at `start`. */
static void bin_range(int64_t *first, int64_t *last, double start, double end, int64_t bin, int64_t bins,
                      int64_t length)
{
    double size = end - start + 1 > 1 ? end - start + 1 : 1;
    double from = start + floor((double)bin * size / (double)bins);
    double to = start + ceil((double)(bin + 1) * size / (double)bins);

    *first = from > 0 ? from < (double)length ? (int64_t)from : length : 0;
    *last = to > 0 ? to < (double)length ? (int64_t)to : length : 0;
}

static double most_of(const struct bsr_tensor *x, size_t plane, const int64_t *rows, const int64_t *columns)
{
    double most = 0;
    bool   seen = false;

    for (int64_t i = rows[0]; i < rows[1]; i++)
        for (int64_t j = columns[0]; j < columns[1]; j++) {
            double value = tensor_get(x, plane + (size_t)(i * x->shape[3] + j));
            most = !seen || value > most ? value : most;
            seen = true;
        }
    return most;
}

static bsr_status pool_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *rois = call->inputs[1];
    int64_t                  sides[2] = {0}, rows[2], columns[2], batch = 0;
    double                   scale = (double)bsr_node_float(call->node, "spatial_scale", 1);
    size_t                   out = 0, plane = (size_t)x->shape[2] * (size_t)x->shape[3];
    bsr_status               status = pooled_sides(sides, call->node, err);

    for (int64_t n = 0; status == BSR_OK && n < rois->shape[0]; n++) {
        double corner[5];
        for (size_t i = 0; i < 5; i++)
            corner[i] = tensor_get(rois, (size_t)n * 5 + i);
        status = check_batch(&batch, corner[0], x, err);
        for (size_t i = 1; i < 5; i++)
            corner[i] = round(corner[i] * scale);
        for (int64_t c = 0; status == BSR_OK && c < x->shape[1]; c++)
            for (int64_t i = 0; i < sides[0]; i++)
                for (int64_t j = 0; j < sides[1]; j++) {
                    bin_range(&rows[0], &rows[1], corner[2], corner[4], i, sides[0], x->shape[2]);
                    bin_range(&columns[0], &columns[1], corner[1], corner[3], j, sides[1], x->shape[3]);
                    tensor_set(&call->outputs[0], out++,
                               most_of(x, (size_t)(batch * x->shape[1] + c) * plane, rows, columns));
                }
    }
    return status;
}

static const struct bsr_operator list[] = {
    {"RoiAlign", align_shape, align_run},
    {"MaxRoiPool", pool_shape, pool_run},
};
const struct operator_group operators_roi = OPERATOR_GROUP(list);
