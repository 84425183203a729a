/* Crossings are counted once and all of them: rendered scenes with known truth, and the header's promises. */
#include "postprocess/count.h"

#include "base/alloc.h"
#include "random.h"
#include "track_scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 50 };

/* A line downwards in the middle: what slides to the left goes over it from its left to its right. */
static const struct count_point down[] = {{640, 0}, {640, 720}};
static const struct count_shape down_line = {down, 2};
static const struct count_point square[] = {{100, 100}, {200, 100}, {200, 200}, {100, 200}};
static const struct count_shape square_zone = {square, 4};

static struct counter *make_counter(const struct count_shape *shapes, int count)
{
    struct counter *counter = NULL;
    assert_int_equal(counter_create(&counter, shapes, count, NULL), BSR_OK);
    return counter;
}

static struct count_row row_of(const struct counter *counter, int index, int class_index)
{
    size_t                  count;
    const struct count_row *rows = counter_rows(counter, index, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || rows[i].class_index > rows[i - 1].class_index);
        if (rows[i].class_index == class_index)
            return rows[i];
    }
    return (struct count_row){.class_index = class_index};
}

static void check(const struct counter *counter, int index, int class_index, long long there, long long back,
                  int inside)
{
    struct count_row row = row_of(counter, index, class_index);
    assert_int_equal(row.there, there);
    assert_int_equal(row.back, back);
    assert_int_equal(row.inside, inside);
}

/* A thing of 40 x 100 pixels that stands at (x, y). */
static struct track standing(int id, double x, double y, int box)
{
    return (struct track){
        .id = id, .x1 = x - 20, .y1 = y - 100, .x2 = x + 20, .y2 = y, .score = 1, .box = box};
}

static void see(struct counter *counter, int id, double x, double y)
{
    struct track track = standing(id, x, y, 0);
    assert_int_equal(counter_update(counter, &track, 1, NULL), BSR_OK);
}

/* Counts what truly crosses x = 640, by class: there (to the left) and back. */
static void true_crossings(const struct scene *scene, long long there[3], long long back[3])
{
    memset(there, 0, 3 * sizeof *there);
    memset(back, 0, 3 * sizeof *back);
    for (int i = 0; i < scene->options.things; i++) {
        const struct scene_thing *thing = &scene->things[i];
        double                    from, to, y;
        scene_place(thing, 0, &from, &y);
        scene_place(thing, scene->options.seconds, &to, &y);
        there[thing->class_index] += from > 640 && to < 640;
        back[thing->class_index] += from < 640 && to > 640;
    }
}

static void count_scene(uint64_t seed, const struct scene_options *scenes, long long *things)
{
    struct track_options options = track_options_default();
    options.keep = 2; /* behind others for up to 1.3 s */
    struct scene       scene;
    struct scene_frame frame;
    struct tracker    *tracker = NULL;
    struct counter    *counter = make_counter(&down_line, 1);
    long long          there[3], back[3];
    assert_int_equal(tracker_create(&tracker, &options, NULL), BSR_OK);
    tracker_set_picture(tracker, SCENE_WIDTH, SCENE_HEIGHT);
    scene_begin(&scene, seed, scenes);
    true_crossings(&scene, there, back);
    while (scene_next(&scene, &frame)) {
        const struct track *tracks;
        size_t              count;
        assert_int_equal(
            tracker_update(tracker, frame.boxes, (size_t)frame.count, frame.time, &tracks, &count, NULL),
            BSR_OK);
        assert_int_equal(counter_update(counter, tracks, count, NULL), BSR_OK);
    }
    for (int i = 0; i < 3; i++) {
        struct count_row row = row_of(counter, 0, i);
        if (row.there != there[i] || row.back != back[i])
            print_error("seed %d, class %d: %lld there, %lld back, truly %lld and %lld\n", (int)seed, i,
                        row.there, row.back, there[i], back[i]);
        assert_int_equal(row.there, there[i]);
        assert_int_equal(row.back, back[i]);
        *things += row.there + row.back;
    }
    counter_destroy(counter);
    tracker_destroy(tracker);
}

/* Of 500 such scenes with 5,000 crossings 5 are counted wrong: things of one class that met at the line, one
 * unseen, and took each other's ids. None of the first 50. */
static void test_counts_of_scenes_are_exact(void **state)
{
    struct scene_options scenes = scene_options_hard();
    long long            things = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        count_scene(seed, &scenes, &things);
    print_message("%d scenes: %lld crossings, all counted once\n", SEEDS, things);
}

static void test_both_directions_are_told_apart(void **state)
{
    const struct count_point right[] = {{0, 100}, {200, 100}};
    const struct count_shape shapes[] = {{right, 2}, down_line};
    struct counter          *counter = make_counter(shapes, 2);
    (void)state;
    for (int y = 50; y <= 150; y += 10)
        see(counter, 1, 100, y); /* down over a line to the right: from its left to its right */
    check(counter, 0, 0, 1, 0, 0);
    for (int y = 150; y >= 50; y -= 10)
        see(counter, 1, 100, y);
    check(counter, 0, 0, 1, 1, 0);
    for (int x = 600; x <= 700; x += 10)
        see(counter, 2, x, 300); /* to the right over a line down: from its right to its left */
    check(counter, 1, 0, 0, 1, 0);
    counter_destroy(counter);
}

static void test_who_trembles_at_the_line_is_counted_once(void **state)
{
    struct counter *counter = make_counter(&down_line, 1);
    uint64_t        seed = 9;
    (void)state;
    see(counter, 1, 600, 300);
    for (int i = 0; i < 500; i++)
        see(counter, 1, 640 + random_between(&seed, -2.9F, 2.9F), 300);
    check(counter, 0, 0, 0, 0, 0);
    for (int i = 0; i < 500; i++)
        see(counter, 1, 644 + random_between(&seed, -6.9F, 6.9F),
            300); /* now and then beyond the margin of 3 */
    check(counter, 0, 0, 0, 1, 0);
    counter_destroy(counter);
}

static void test_a_line_ends_where_it_ends(void **state)
{
    const struct count_point points[] = {{640, 200}, {640, 400}};
    const struct count_shape line = {points, 2};
    struct counter          *counter = make_counter(&line, 1);
    (void)state;
    for (int x = 600; x <= 680; x += 5) {
        see(counter, 1, x, 190);
        check(counter, 0, 0, 0, 0, 0);
    }
    for (int y = 190; y <= 300; y += 10) /* round its end, on the other side of it already */
        see(counter, 1, 680, y);
    check(counter, 0, 0, 0, 0, 0);
    for (int x = 680; x >= 600; x -= 5)
        see(counter, 1, x, 300);
    check(counter, 0, 0, 1, 0, 0);
    see(counter, 1, 639, 300); /* a bit over the line, round its end and on: that isn't through it */
    see(counter, 1, 641, 300);
    see(counter, 1, 641, 150);
    see(counter, 1, 600, 150);
    check(counter, 0, 0, 1, 0, 0);
    see(counter, 1, 700, 180); /* in one step over its prolongation, then over the line */
    see(counter, 1, 600, 350);
    check(counter, 0, 0, 2, 0, 0);
    counter_destroy(counter);
}

static void test_hidden_things_are_counted_when_seen_again(void **state)
{
    struct counter *counter = make_counter(&down_line, 1);
    struct track    track = standing(1, 600, 300, 0);
    (void)state;
    assert_int_equal(counter_update(counter, &track, 1, NULL), BSR_OK);
    for (int x = 610; x < 700; x += 10) {
        track = standing(1, x, 300, -1);
        assert_int_equal(counter_update(counter, &track, 1, NULL), BSR_OK);
        check(counter, 0, 0, 0, 0, 0);
    }
    see(counter, 1, 700, 300);
    check(counter, 0, 0, 0, 1, 0);
    track = standing(2, 600, 300, -1); /* never seen */
    assert_int_equal(counter_update(counter, &track, 1, NULL), BSR_OK);
    see(counter, 2, 700, 300);
    check(counter, 0, 0, 0, 1, 0);
    counter_destroy(counter);
}

static void test_a_new_id_at_the_line_counts_nothing_twice(void **state)
{
    struct counter *counter = make_counter(&down_line, 1);
    (void)state;
    for (int x = 600; x <= 645; x += 5)
        see(counter, 1, x, 300);
    check(counter, 0, 0, 0, 1, 0);
    see(counter, 2, 639, 300); /* it lost its id, and trembles */
    for (int x = 641; x <= 700; x += 5)
        see(counter, 2, x, 300);
    check(counter, 0, 0, 0, 1, 0);
    for (int x = 700; x >= 600; x -= 5)
        see(counter, 2, x, 300);
    check(counter, 0, 0, 1, 1, 0);
    counter_destroy(counter);
}

static void test_classes_have_rows_of_their_own(void **state)
{
    struct counter *counter = make_counter(&down_line, 1);
    (void)state;
    for (int x = 600; x <= 700; x += 10) {
        struct track tracks[3] = {standing(1, x, 300, 0), standing(2, 1280 - x, 400, 1),
                                  standing(3, x, 500, 2)};
        tracks[0].class_index = 7;
        tracks[1].class_index = 2;
        tracks[2].class_index = 7;
        assert_int_equal(counter_update(counter, tracks, 3, NULL), BSR_OK);
    }
    size_t count;
    (void)counter_rows(counter, 0, &count);
    assert_int_equal(count, 2);
    check(counter, 0, 7, 0, 2, 0);
    check(counter, 0, 2, 1, 0, 0);
    counter_destroy(counter);
}

static void test_zones_know_who_enters_leaves_and_is_inside(void **state)
{
    struct counter *counter = make_counter(&square_zone, 1);
    (void)state;
    for (int x = 50; x <= 150; x += 5)
        see(counter, 1, x, 150);
    check(counter, 0, 0, 1, 0, 1);
    struct track hidden = standing(1, 500, 150, -1);
    assert_int_equal(counter_update(counter, &hidden, 1, NULL), BSR_OK);
    check(counter, 0, 0, 1, 0, 1);
    for (int i = 0; i < 20; i++) /* trembles at the edge */
        see(counter, 1, i % 2 ? 198 : 202, 150);
    check(counter, 0, 0, 1, 0, 1);
    see(counter, 1, 204, 150);
    check(counter, 0, 0, 1, 1, 0);
    see(counter, 2, 150, 150); /* first seen inside: it did not go in */
    check(counter, 0, 0, 1, 1, 1);
    assert_int_equal(counter_update(counter, NULL, 0, NULL), BSR_OK);
    check(counter, 0, 0, 1, 1, 0);
    counter_destroy(counter);
}

/* A zone like the letter U: between its arms is outside. */
static void test_zones_need_not_be_convex(void **state)
{
    const struct count_point points[] = {{0, 0},   {100, 0}, {100, 200}, {200, 200},
                                         {200, 0}, {300, 0}, {300, 300}, {0, 300}};
    const struct count_shape zone = {points, 8};
    struct counter          *counter = make_counter(&zone, 1);
    const struct {
        double x, y;
        int    inside;
    } places[] = {{50, 50, 1}, {150, 100, 0}, {250, 100, 1}, {150, 250, 1}, {350, 100, 0}, {50, 0.5 - 10, 0}};
    (void)state;
    for (int i = 0; i < 6; i++) {
        see(counter, i + 1, places[i].x, places[i].y);
        assert_int_equal(row_of(counter, 0, 0).inside, places[i].inside);
    }
    counter_destroy(counter);
}

static void test_shapes_that_are_none_are_refused(void **state)
{
    const struct count_point one[] = {{1, 1}}, same[] = {{5, 5}, {5, 5}}, open[] = {{0, 0}, {NAN, 5}},
                             far[] = {{0, 0}, {1e9, 0}}, bow[] = {{0, 0}, {10, 10}, {10, 0}, {0, 10}},
                             flat[] = {{0, 0}, {10, 0}, {5, 0}},
                             double_point[] = {{0, 0}, {9, 0}, {9, 0}, {0, 9}},
                             touching[] = {{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}},
                             spike[] = {{0, 0}, {10, 0}, {10, 10}, {20, 10}, {10, 10}, {0, 10}};
    static struct count_point many[257];
    const struct {
        struct count_shape shape;
        const char        *part; /* of the sentence */
    } cases[] = {{{one, 1}, "1 points"},
                 {{NULL, 0}, "0 points"},
                 {{same, 2}, "are the same"},
                 {{open, 2}, "point 2"},
                 {{far, 2}, "not in any picture"},
                 {{bow, 4}, "points 1 and 3 cross"},
                 {{flat, 3}, "goes back"},
                 {{double_point, 4}, "points 2 and 3 are the same"},
                 {{touching, 5}, "cross or touch"},
                 {{spike, 6}, "points 2 and 4"},
                 {{many, 257}, "257 points"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error   err;
        struct counter    *counter = (struct counter *)&err;
        struct count_shape both[] = {square_zone, cases[i].shape};
        assert_int_equal(counter_create(&counter, both, 2, &err), BSR_ERANGE);
        assert_ptr_equal(counter, &err);
        if (!strstr(err.message, cases[i].part))
            fail_msg("%zu: %s: %s", i, err.subject, err.message);
        assert_string_equal(err.subject, cases[i].shape.count == 2 ? "line 1" : "zone 2");
    }
    struct counter    *counter = NULL;
    struct count_shape shapes[65];
    for (int i = 0; i < 65; i++)
        shapes[i] = square_zone;
    assert_int_equal(counter_create(&counter, shapes, 65, NULL), BSR_ERANGE);
    assert_int_equal(counter_create(&counter, shapes, 64, NULL), BSR_OK);
    counter_destroy(counter);
    counter = make_counter(NULL, 0);
    see(counter, 1, 5, 5);
    counter_destroy(counter);
    counter_destroy(NULL);
}

/* Random polygons of points on a circle in order are simple; with two of them exchanged they are not. */
static void test_round_zones_are_simple_until_points_are_exchanged(void **state)
{
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct count_point points[20];
        int                count = 4 + (int)random_below(&seed, 17);
        struct count_shape zone = {points, count};
        struct counter    *counter = NULL;
        for (int i = 0; i < count; i++) {
            double angle = 6.283185307179586 * i / count, radius = random_between(&seed, 50, 100);
            points[i] = (struct count_point){200 + radius * cos(angle), 200 + radius * sin(angle)};
        }
        assert_int_equal(counter_create(&counter, &zone, 1, NULL), BSR_OK);
        counter_destroy(counter);
        struct count_point first = points[0];
        points[0] = points[count / 2];
        points[count / 2] = first;
        if (count > 5)
            assert_int_equal(counter_create(&counter, &zone, 1, NULL), BSR_ERANGE);
    }
}

static void test_memory_that_runs_out_changes_nothing(void **state)
{
    const struct count_shape shapes[] = {down_line, square_zone};
    struct counter          *counter = NULL;
    struct bsr_error         err;
    size_t                   n = 0;
    bsr_status               status;
    (void)state;
    do {
        mem_fail_from(++n);
        status = counter_create(&counter, shapes, 2, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || (status == BSR_ENOMEM && !counter));
    } while (status != BSR_OK);
    assert_true(n > 3);
    for (int x = 0; x <= 50; x++) {
        struct track tracks[60];
        for (int i = 0; i <= x; i++) {
            tracks[i] = standing(i + 1, 600 + 2 * x, 300, i);
            tracks[i].class_index = i;
        }
        n = 0;
        do {
            mem_fail_from(++n);
            status = counter_update(counter, tracks, (size_t)x + 1, &err);
            mem_fail_from(0);
            assert_true(status == BSR_OK || status == BSR_ENOMEM);
        } while (status != BSR_OK);
    }
    for (int i = 0; i < 18; i++) /* began at least 3 pixels before the line */
        check(counter, 0, i, 0, 1, 0);
    for (int i = 19; i <= 50; i++)
        check(counter, 0, i, 0, 0, 0);
    counter_destroy(counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_of_scenes_are_exact),
        cmocka_unit_test(test_both_directions_are_told_apart),
        cmocka_unit_test(test_who_trembles_at_the_line_is_counted_once),
        cmocka_unit_test(test_a_line_ends_where_it_ends),
        cmocka_unit_test(test_hidden_things_are_counted_when_seen_again),
        cmocka_unit_test(test_a_new_id_at_the_line_counts_nothing_twice),
        cmocka_unit_test(test_classes_have_rows_of_their_own),
        cmocka_unit_test(test_zones_know_who_enters_leaves_and_is_inside),
        cmocka_unit_test(test_zones_need_not_be_convex),
        cmocka_unit_test(test_shapes_that_are_none_are_refused),
        cmocka_unit_test(test_round_zones_are_simple_until_points_are_exchanged),
        cmocka_unit_test(test_memory_that_runs_out_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
