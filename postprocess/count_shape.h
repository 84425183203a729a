/* postprocess/count_shape.h: lines and zones, and where a point lies to them. Inside postprocess/ only. */
#pragma once

#include "postprocess/count.h"

enum { COUNT_MOST_POINTS = 256 };

/* Whether the shape is one: BSR_ERANGE. `name` ("zone 2") is who fails. */
bsr_status count_shape_check(const struct count_shape *shape, const char *name, struct bsr_error *err);

/* Pixels right of the line (seen from its first point to its second; negative: left), or into the zone
 * (negative: outside of it). */
double count_shape_depth(const struct count_shape *shape, struct count_point at);

/* Whether the way between two points on different sides of a line's prolongation goes through the line
 * itself. */
bool count_line_is_passed(const struct count_shape *line, struct count_point from, struct count_point to);
