/* Things keep their ids: rendered scenes with known truth, and what the header promises one by one. */
#include "postprocess/track.h"

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

static struct tracker *make_tracker(const struct track_options *options)
{
    struct tracker *tracker = NULL;
    assert_int_equal(tracker_create(&tracker, options, NULL), BSR_OK);
    return tracker;
}

static const struct track *update(struct tracker *tracker, const struct track_box *boxes, size_t count,
                                  double time, size_t *out_count)
{
    const struct track *out = NULL;
    assert_int_equal(tracker_update(tracker, boxes, count, time, &out, out_count, NULL), BSR_OK);
    return out;
}

static struct track_box box_at(double x, double y, double score)
{
    return (struct track_box){.x1 = x - 40, .y1 = y - 30, .x2 = x + 40, .y2 = y + 30, .score = score};
}

struct tally {
    long long seen, followed, switched, false_ones, things, ids;
};

static void look_at_frame(const struct scene_frame *frame, const struct track *tracks, size_t count,
                          int last_id[SCENE_MOST], struct tally *tally)
{
    for (int i = 0; i < frame->count; i++)
        tally->seen += frame->owner[i] >= 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || tracks[i].id > tracks[i - 1].id);
        tally->ids = tracks[i].id > tally->ids ? tracks[i].id : tally->ids;
        if (tracks[i].box < 0)
            continue;
        int owner = frame->owner[tracks[i].box];
        if (owner < 0) {
            tally->false_ones++;
            continue;
        }
        tally->followed++;
        tally->switched += last_id[owner] && last_id[owner] != tracks[i].id;
        tally->things += !last_id[owner];
        last_id[owner] = tracks[i].id;
    }
}

static struct tally run_scenes(const struct scene_options *scenes, const struct track_options *options)
{
    struct tally all = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct scene       scene;
        struct scene_frame frame;
        struct tally       tally = {0};
        int                last_id[SCENE_MOST] = {0};
        struct tracker    *tracker = make_tracker(options);
        tracker_set_picture(tracker, SCENE_WIDTH, SCENE_HEIGHT);
        scene_begin(&scene, seed, scenes);
        while (scene_next(&scene, &frame)) {
            size_t              count;
            const struct track *tracks =
                update(tracker, frame.boxes, (size_t)frame.count, frame.time, &count);
            look_at_frame(&frame, tracks, count, last_id, &tally);
        }
        tracker_destroy(tracker);
        all.seen += tally.seen;
        all.followed += tally.followed;
        all.switched += tally.switched;
        all.false_ones += tally.false_ones;
        all.things += tally.things;
        all.ids += tally.ids;
    }
    return all;
}

static const double most_switched = 0.02; /* of the frames of a thing: the bound */

static void check_scenes(const char *name, const struct scene_options *scenes)
{
    struct track_options options = track_options_default();
    struct tally         tally = run_scenes(scenes, &options);
    print_message(
        "%-28s %lld boxes, %lld followed, ids switched in %lld (%.3f %%), %lld things got %lld ids\n", name,
        tally.seen, tally.followed, tally.switched, 100.0 * (double)tally.switched / (double)tally.followed,
        tally.things, tally.ids);
    assert_true((double)tally.switched <= most_switched * (double)tally.followed);
    assert_true((double)tally.followed >= 0.9 * (double)tally.seen);
}

static void test_ids_stay_in_hard_scenes(void **state)
{
    struct scene_options hard = scene_options_hard(), slow = hard, fast = hard, crowd = hard, alike = hard,
                         shaking = hard;
    (void)state;
    slow.frame_rate = 15;
    slow.hidden_frames = 5;
    fast.frame_rate = 60;
    crowd.things = SCENE_MOST;
    alike.classes = 1;
    shaking.jitter = 0.06;
    shaking.dropped = 0.2;
    check_scenes("30 frames a second", &hard);
    check_scenes("15 frames a second", &slow);
    check_scenes("60 frames a second", &fast);
    check_scenes("more things", &crowd);
    check_scenes("all of one class", &alike);
    check_scenes("more trembling and drops", &shaking);
}

static void test_a_thing_gets_its_id_when_it_is_confirmed(void **state)
{
    struct track_options options = track_options_default();
    options.confirm = 3;
    struct tracker     *tracker = make_tracker(&options);
    struct track_box    box = box_at(100, 100, 0.9);
    const struct track *tracks;
    size_t              count;
    (void)state;
    for (int i = 0; i < 3; i++) {
        tracks = update(tracker, &box, 1, i * 0.04, &count);
        assert_int_equal(count, i == 2);
    }
    assert_int_equal(tracks[0].id, 1);
    assert_int_equal(tracks[0].age, 2);
    assert_int_equal(tracks[0].box, 0);
    assert_float_equal(tracks[0].x1, box.x1, 0.5);
    tracker_destroy(tracker);

    options.confirm = 1;
    tracker = make_tracker(&options);
    (void)update(tracker, &box, 1, 0, &count);
    assert_int_equal(count, 1);
    tracker_destroy(tracker);
}

static void test_low_scores_continue_but_do_not_begin(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *tracker = make_tracker(&options);
    struct track_box     boxes[2] = {box_at(100, 100, 0.9), box_at(500, 100, 0.3)};
    const struct track  *tracks = NULL;
    size_t               count = 0;
    (void)state;
    for (int i = 0; i < 10; i++) {
        tracks = update(tracker, boxes, 2, i * 0.04, &count);
        boxes[0].score = i == 0 ? 0.9 : 0.2;
    }
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].box, 0);
    assert_float_equal(tracks[0].score, 0.2, 1e-9);
    boxes[0].score = 0.05;
    tracks = update(tracker, boxes, 2, 0.4, &count);
    assert_int_equal(tracks[0].box, -1);
    boxes[0].score = 0.2; /* it is hidden now: a low score is not enough to be seen again */
    tracks = update(tracker, boxes, 2, 0.44, &count);
    assert_int_equal(tracks[0].box, -1);
    boxes[0].score = 0.6;
    tracks = update(tracker, boxes, 2, 0.48, &count);
    assert_int_equal(tracks[0].box, 0);
    assert_int_equal(tracks[0].id, 1);
    tracker_destroy(tracker);
}

/* Slides at 200 pixels a second, is hidden for a part of it, and seen again. */
static const struct track *pass_behind_post(struct tracker *tracker, double hidden, size_t *count)
{
    const struct track *tracks = NULL;
    for (int i = 0; i <= 60; i++) {
        double           time = i * 0.05;
        struct track_box box = box_at(100 + 200 * time, 100, 0.9);
        bool             is_hidden = time > 1 && time <= 1 + hidden;
        tracks = update(tracker, &box, is_hidden ? 0 : 1, time, count);
        if (is_hidden && *count) {
            assert_int_equal(tracks[0].box, -1);
            assert_float_equal((tracks[0].x1 + tracks[0].x2) / 2, 100 + 200 * time, 10);
        }
    }
    return tracks;
}

static void test_what_is_hidden_is_waited_for(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *tracker = make_tracker(&options);
    size_t               count = 0;
    (void)state;
    const struct track *tracks = pass_behind_post(tracker, 0.9, &count);
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].id, 1);
    tracker_destroy(tracker);

    tracker = make_tracker(&options); /* longer than a second: another thing, with another id */
    tracks = pass_behind_post(tracker, 1.2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].id, 2);
    tracker_destroy(tracker);
}

static void test_dropped_frames_are_allowed_for(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *tracker = make_tracker(&options);
    const struct track  *tracks = NULL;
    size_t               count = 0;
    double               time = 0;
    (void)state;
    for (int i = 0; i < 40;
         i++) { /* 150 pixels a second; steps of up to 0.7 s move it by more than its width */
        time += i > 10 && i % 7 == 0 ? 0.7 : 0.05;
        struct track_box box = box_at(100 + 150 * time, 100, 0.9);
        tracks = update(tracker, &box, 1, time, &count);
    }
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].id, 1);
    tracker_destroy(tracker);
}

static void test_who_left_the_picture_does_not_linger(void **state)
{
    struct track_options options = track_options_default();
    options.keep = 30;
    size_t count = 0;
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct tracker *tracker = make_tracker(&options);
        if (known)
            tracker_set_picture(tracker, 640, 480);
        for (int i = 0; i <= 100; i++) {
            double           time = i * 0.04;
            struct track_box box = box_at(400 + 200 * time, 100, 0.9);
            bool             inside = box.x1 < 620;
            box.x2 = fmin(box.x2, 640);
            (void)update(tracker, &box, inside ? 1 : 0, time, &count);
        }
        assert_int_equal(count, !known);
        tracker_destroy(tracker);
    }
}

static void test_classes_are_held_apart_or_voted_on(void **state)
{
    struct track_options options = track_options_default();
    const int            classes[] = {2, 2, 7, 7, 7, 2, 7};
    const struct track  *tracks = NULL;
    size_t               count = 0;
    (void)state;
    for (int any = 0; any < 2; any++) {
        options.any_class = any;
        struct tracker *tracker = make_tracker(&options);
        for (int i = 0; i < 7; i++) {
            struct track_box box = box_at(100, 100, 0.9);
            box.class_index = classes[i];
            tracks = update(tracker, &box, 1, i * 0.04, &count);
        }
        assert_int_equal(count, any ? 1 : 2);
        assert_int_equal(tracks[0].class_index, any ? 7 : 2);
        tracker_destroy(tracker);
    }
}

static void test_two_boxes_of_one_thing_are_one(void **state)
{
    struct track_options options = track_options_default();
    options.any_class = true;
    struct tracker  *tracker = make_tracker(&options);
    struct track_box boxes[2] = {box_at(100, 100, 0.9), box_at(101, 100, 0.8)};
    size_t           count = 0;
    (void)state;
    boxes[1].class_index = 7;
    for (int i = 0; i < 5; i++)
        (void)update(tracker, boxes, 2, i * 0.04, &count);
    assert_int_equal(count, 1);
    tracker_destroy(tracker);
}

static void test_ids_are_not_given_twice(void **state)
{
    struct track_options options = track_options_default();
    options.keep = 0;
    struct tracker *tracker = make_tracker(&options);
    size_t          count = 0;
    (void)state;
    for (int thing = 1; thing < 20; thing++) {
        struct track_box    box = box_at(100, 100, 0.9);
        const struct track *tracks = NULL;
        for (int i = 0; i < 4; i++)
            tracks = update(tracker, &box, i < 3, thing + i * 0.04, &count);
        assert_int_equal(count, 0);
        tracks = update(tracker, &box, 1, thing + 0.2, &count);
        tracks = update(tracker, &box, 1, thing + 0.24, &count);
        assert_int_equal(count, 1);
        assert_int_equal(tracks[0].id, 2 * thing);
        (void)update(tracker, &box, 0, thing + 0.3, &count);
    }
    tracker_destroy(tracker);
}

static void test_clocks_that_jump_do_no_harm(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *tracker = make_tracker(&options);
    const double         times[] = {5, 5.1, 5.1, 2, -1e300, 1e300, 1e300, 7, 8, 8.5};
    struct track_box     box = box_at(100, 100, 0.9);
    const struct track  *tracks = NULL;
    struct bsr_error     err;
    size_t               count = 0;
    (void)state;
    for (int i = 0; i < 10; i++)
        tracks = update(tracker, &box, 1, times[i], &count);
    assert_int_equal(count, 1);
    assert_float_equal(tracks[0].x1, box.x1, 1);
    assert_int_equal(tracker_update(tracker, &box, 1, NAN, &tracks, &count, &err), BSR_ERANGE);
    for (int i = 0; i < 5; i++) /* hidden at a clock that went back: waited for no longer than else */
        (void)update(tracker, &box, 0, 1 + 0.3 * i, &count);
    assert_int_equal(count, 0);
    tracker_destroy(tracker);
}

static void test_nonsense_is_passed_over(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *tracker = make_tracker(&options);
    struct track_box     boxes[] = {{.x1 = NAN, .x2 = 10, .y2 = 10, .score = 0.9},
                                    {.x2 = INFINITY, .y2 = 10, .score = 0.9},
                                    {.x1 = 10, .y1 = 10, .x2 = 5, .y2 = 20, .score = 1},
                                    {.x2 = 10, .y2 = 0, .score = 1},
                                    {.x2 = 10, .y2 = 10, .score = NAN},
                                    {.x2 = 1e300, .y2 = 1e300, .score = 1},
                                    {.x2 = 10, .y2 = 10, .score = 0.9, .class_index = -5}};
    const struct track  *tracks = NULL;
    size_t               count = 0;
    (void)state;
    for (int i = 0; i < 5; i++)
        tracks = update(tracker, boxes, sizeof boxes / sizeof *boxes, i * 0.04, &count);
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].box, 6);
    assert_int_equal(tracks[0].class_index, -5);
    tracker_destroy(tracker);
}

/* Random boxes of all sizes, far more than are looked at. */
static void test_thousands_of_boxes_are_taken(void **state)
{
    enum { BOXES = 3000 };
    static struct track_box boxes[BOXES];
    struct track_options    options = track_options_default();
    struct tracker         *tracker;
    uint64_t                seed = 5;
    size_t                  count = 0;
    (void)state;
    options.any_class = true;
    tracker = make_tracker(&options);
    for (int frame = 0; frame < 4; frame++) {
        for (int i = 0; i < BOXES; i++) {
            double x = 70.0 * (i % 60), y = 70.0 * ((double)i / 60) + random_between(&seed, -1, 1);
            boxes[i] = (struct track_box){x, y, x + 60, y + 60, random_between(&seed, 0, 1), i % 3};
        }
        const struct track *tracks = update(tracker, boxes, BOXES, frame * 0.04, &count);
        for (size_t i = 0; i < count; i++)
            assert_in_range(tracks[i].box + 1, 0, BOXES);
    }
    assert_true(count > 0 && count <= 2000);
    tracker_destroy(tracker);
}

static void test_options_are_checked(void **state)
{
    const struct track_options good = track_options_default();
    struct track_options       bad[9];
    struct bsr_error           err;
    (void)state;
    for (int i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].high = 1.5;
    bad[1].low = -0.1;
    bad[2].low = 0.9;
    bad[3].overlap = NAN;
    bad[4].overlap = 2;
    bad[5].keep = -1;
    bad[6].keep = INFINITY;
    bad[7].confirm = 0;
    bad[8].high = NAN;
    for (int i = 0; i < 9; i++) {
        struct tracker *tracker = (struct tracker *)&err;
        assert_int_equal(tracker_create(&tracker, &bad[i], &err), BSR_ERANGE);
        assert_ptr_equal(tracker, &err);
        assert_true(strlen(err.message) > 10);
    }
}

/* Two trackers see the same; one runs out of memory again and again between its frames. */
static void test_memory_that_runs_out_changes_nothing(void **state)
{
    struct track_options options = track_options_default();
    struct tracker      *spared = make_tracker(&options), *hit = NULL;
    struct scene_options scenes = scene_options_hard();
    struct scene         scene;
    struct scene_frame   frame;
    struct bsr_error     err;
    (void)state;
    mem_fail_from(1);
    assert_int_equal(tracker_create(&hit, &options, &err), BSR_ENOMEM);
    mem_fail_from(0);
    hit = make_tracker(&options);
    scene_begin(&scene, 3, &scenes);
    for (int i = 0; i < 200 && scene_next(&scene, &frame); i++) {
        const struct track *expected, *tracks;
        size_t              expected_count, count, n = 0;
        bsr_status          status;
        do {
            mem_fail_from(++n);
            status = tracker_update(hit, frame.boxes, (size_t)frame.count, frame.time, &tracks, &count, &err);
            mem_fail_from(0);
            assert_true(status == BSR_OK || status == BSR_ENOMEM);
        } while (status != BSR_OK);
        expected = update(spared, frame.boxes, (size_t)frame.count, frame.time, &expected_count);
        assert_int_equal(count, expected_count);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(tracks[k].id, expected[k].id);
            assert_int_equal(tracks[k].box, expected[k].box);
            assert_true(tracks[k].x1 == expected[k].x1);
        }
    }
    tracker_destroy(spared);
    tracker_destroy(hit);
    tracker_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_stay_in_hard_scenes),
        cmocka_unit_test(test_a_thing_gets_its_id_when_it_is_confirmed),
        cmocka_unit_test(test_low_scores_continue_but_do_not_begin),
        cmocka_unit_test(test_what_is_hidden_is_waited_for),
        cmocka_unit_test(test_dropped_frames_are_allowed_for),
        cmocka_unit_test(test_who_left_the_picture_does_not_linger),
        cmocka_unit_test(test_classes_are_held_apart_or_voted_on),
        cmocka_unit_test(test_two_boxes_of_one_thing_are_one),
        cmocka_unit_test(test_ids_are_not_given_twice),
        cmocka_unit_test(test_clocks_that_jump_do_no_harm),
        cmocka_unit_test(test_nonsense_is_passed_over),
        cmocka_unit_test(test_thousands_of_boxes_are_taken),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_memory_that_runs_out_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
