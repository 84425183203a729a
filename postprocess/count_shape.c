#include "postprocess/count_shape.h"

#include <math.h>

static const double farthest = 1e6;  /* pixels: no picture is larger */
static const double shortest = 1e-6; /* pixels: points that are nearer to each other are one */

static struct count_point minus(struct count_point a, struct count_point b)
{
    return (struct count_point){a.x - b.x, a.y - b.y};
}

/* > 0: b is on the right of a, in pictures, whose y goes down. */
static double cross(struct count_point a, struct count_point b)
{
    return a.x * b.y - a.y * b.x;
}

static double dot(struct count_point a, struct count_point b)
{
    return a.x * b.x + a.y * b.y;
}

static double length(struct count_point a)
{
    return sqrt(dot(a, a));
}

/* The point number `index`, from the beginning again after the last one. */
static struct count_point corner(const struct count_shape *shape, int index)
{
    return shape->points[index % shape->count];
}

static double distance_to_edge(struct count_point at, struct count_point from, struct count_point to)
{
    struct count_point edge = minus(to, from), way = minus(at, from);
    double             share = fmin(fmax(dot(way, edge) / dot(edge, edge), 0), 1);
    return length(minus(way, (struct count_point){edge.x * share, edge.y * share}));
}

static bool is_between(struct count_point at, struct count_point a, struct count_point b)
{
    return at.x >= fmin(a.x, b.x) && at.x <= fmax(a.x, b.x) && at.y >= fmin(a.y, b.y) &&
           at.y <= fmax(a.y, b.y);
}

/* Whether two edges have a point in common. */
static bool edges_meet(struct count_point a, struct count_point b, struct count_point c, struct count_point d)
{
    double side_c = cross(minus(b, a), minus(c, a)), side_d = cross(minus(b, a), minus(d, a));
    double side_a = cross(minus(d, c), minus(a, c)), side_b = cross(minus(d, c), minus(b, c));
    if (((side_c > 0 && side_d < 0) || (side_c < 0 && side_d > 0)) &&
        ((side_a > 0 && side_b < 0) || (side_a < 0 && side_b > 0)))
        return true;
    return (side_c == 0 && is_between(c, a, b)) || (side_d == 0 && is_between(d, a, b)) ||
           (side_a == 0 && is_between(a, c, d)) || (side_b == 0 && is_between(b, c, d));
}

/* Whether the edge from `at` to `next` goes back over the one that ends in `at`. */
static bool is_spike(struct count_point before, struct count_point at, struct count_point next)
{
    struct count_point in = minus(at, before), out = minus(next, at);
    return cross(in, out) == 0 && dot(in, out) < 0;
}

static bsr_status check_edges(const struct count_shape *zone, const char *name, struct bsr_error *err)
{
    for (int i = 0; i < zone->count; i++) {
        if (is_spike(corner(zone, i + zone->count - 1), corner(zone, i), corner(zone, i + 1)))
            return bsr_fail(err, BSR_ERANGE, name, "at its point %d it goes back over itself", i + 1);
        for (int j = i + 2; j < zone->count; j++) {
            bool neighbours = i == 0 && j == zone->count - 1;
            if (!neighbours &&
                edges_meet(corner(zone, i), corner(zone, i + 1), corner(zone, j), corner(zone, j + 1)))
                return bsr_fail(
                    err, BSR_ERANGE, name,
                    "its edges from points %d and %d cross or touch, which leaves open what is inside", i + 1,
                    j + 1);
        }
    }
    return BSR_OK;
}

bsr_status count_shape_check(const struct count_shape *shape, const char *name, struct bsr_error *err)
{
    if (shape->count < 2 || shape->count > COUNT_MOST_POINTS)
        return bsr_fail(err, BSR_ERANGE, name, "%d points: a line has 2, a zone 3 to %d", shape->count,
                        COUNT_MOST_POINTS);
    for (int i = 0; i < shape->count; i++)
        if (!(fabs(shape->points[i].x) <= farthest && fabs(shape->points[i].y) <= farthest))
            return bsr_fail(err, BSR_ERANGE, name, "its point %d (%g, %g) is not in any picture", i + 1,
                            shape->points[i].x, shape->points[i].y);
    for (int i = 0; i < shape->count; i++)
        if (length(minus(corner(shape, i + 1), corner(shape, i))) < shortest)
            return bsr_fail(err, BSR_ERANGE, name, "its points %d and %d are the same", i + 1,
                            (i + 1) % shape->count + 1);
    return shape->count == 2 ? BSR_OK : check_edges(shape, name, err);
}

static double line_depth(const struct count_shape *line, struct count_point at)
{
    struct count_point along = minus(line->points[1], line->points[0]);
    return cross(along, minus(at, line->points[0])) / length(along);
}

/* Even-odd: a ray to the right, edges with their upper end and without their lower one. */
static double zone_depth(const struct count_shape *zone, struct count_point at)
{
    bool   inside = false;
    double nearest = INFINITY;
    for (int i = 0; i < zone->count; i++) {
        struct count_point a = corner(zone, i), b = corner(zone, i + 1);
        nearest = fmin(nearest, distance_to_edge(at, a, b));
        if ((a.y > at.y) != (b.y > at.y) && at.x < a.x + (b.x - a.x) * (at.y - a.y) / (b.y - a.y))
            inside = !inside;
    }
    return inside ? nearest : -nearest;
}

double count_shape_depth(const struct count_shape *shape, struct count_point at)
{
    return shape->count == 2 ? line_depth(shape, at) : zone_depth(shape, at);
}

bool count_line_is_passed(const struct count_shape *line, struct count_point from, struct count_point to)
{
    struct count_point along = minus(line->points[1], line->points[0]);
    double             before = line_depth(line, from), after = line_depth(line, to);
    double             share = before / (before - after);
    struct count_point at = {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share};
    double             place = dot(minus(at, line->points[0]), along) / dot(along, along);
    return place >= 0 && place <= 1;
}
