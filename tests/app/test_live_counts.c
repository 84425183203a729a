/* `besra live` on a film whose truth is known: cards and discs that slide over it, cross each other's paths
 * at a line, are hidden for ten frames as they cross it, tremble and blink at it, turn round, and go into a
 * zone and out of it. The detector (data/squares.onnx, make_models.py) finds each to the pixel. */
#include "base/alloc.h"
#include "media/video.h"
#include "tests/app/scenes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 320, HEIGHT = 192, FRAMES = 190, RATE = 25, CARD_WIDTH = 36, CARD_HEIGHT = 28, THINGS = 6 };

enum thing { RED, GREEN, BLUE, CYAN, MAGENTA, YELLOW }; /* the first three are cards, the others discs */

struct place {
    double x, y; /* of the middle of the lower edge */
    bool   seen;
};

/* Frame numbers are times. The line is at x = 160; rightwards is there. */
static struct place place_of(enum thing thing, int t)
{
    switch (thing) {
    case RED: /* there at 70, into the zone at 100, stays */
        return (struct place){fmin(20 + 2.0 * t, 280), 40, true};
    case GREEN: /* out of the zone at 40; back at 70, just where and when the red one goes there, and hides it
                 */
        return (struct place){fmax(300 - 2.0 * t, 20), 44, true};
    case BLUE: /* there at 87, behind something for ten frames */
        return (struct place){fmin(30 + 1.5 * t, 210), 110, t < 82 || t >= 92};
    case CYAN: /* to the line, where it trembles for 60 frames, each third one without it; then there */
        if (t < 40)
            return (struct place){100 + 1.5 * t, 142, true};
        if (t < 100)
            return (struct place){t % 2 ? 161 : 159, 142, t % 3 != 0};
        return (struct place){fmin(160 + 1.5 * (t - 100), 215), 142, true};
    case MAGENTA: /* back at 45, turns at 60, there at 75 */
        return (struct place){t < 60 ? 250 - 2.0 * t : fmin(130 + 2.0 * (t - 60), 300), 175, true};
    case YELLOW: /* from below into the zone at 82, turns at 109, out at 136 */
        return (struct place){255, t < 109 ? 186 - 1.5 * (t - 25) : 60 + 1.5 * (t - 109), t >= 25};
    }
    return (struct place){0};
}

static const char shapes[] = "--count-line 160,190,160,2 --zone 220,10,310,10,310,100,220,100";

/* By hand, from the lines above. */
static const struct {
    const char *said;
} truth[] = {
    {"line 1: card: 2 there, 1 back"},       /* red, blue; green */
    {"line 1: disc: 2 there, 1 back"},       /* cyan, magenta; magenta */
    {"zone 2: card: 1 in, 1 out, 1 inside"}, /* red; green */
    {"zone 2: disc: 1 in, 1 out, 0 inside"}, /* yellow */
};

/* ---- the film ------------------------------------------------------------------------------------------ */

static void draw_thing(const struct bsr_image *image, enum thing thing, const struct place *place)
{
    static const uint8_t colours[THINGS][3] = {
        [RED] = {0, 0, 255},    [GREEN] = {0, 255, 0},     [BLUE] = {255, 0, 0},
        [CYAN] = {255, 255, 0}, [MAGENTA] = {255, 0, 255}, [YELLOW] = {0, 255, 255}};
    const int left = (int)lround(place->x) - CARD_WIDTH / 2, bottom = (int)lround(place->y);

    for (int y = bottom - CARD_HEIGHT; y < bottom; y++)
        for (int x = left; x < left + CARD_WIDTH; x++)
            if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT)
                memcpy(image_row(image, y) + 3 * (size_t)x, colours[thing], 3);
}

/* What is later in the list lies under what is earlier. */
static void draw_scene(const struct bsr_image *image, int t)
{
    for (int y = 0; y < HEIGHT; y++)
        memset(image_row(image, y), 90, 3 * (size_t)WIDTH);
    for (int i = THINGS - 1; i >= 0; i--) {
        const struct place place = place_of((enum thing)i, t);
        if (place.seen)
            draw_thing(image, (enum thing)i, &place);
    }
}

static void film_write(const char *path)
{
    struct video_writer_options options = {.width = WIDTH, .height = HEIGHT, .quality = 98};
    struct video_writer        *writer = NULL;
    struct bsr_image            image = {0};
    struct bsr_error            err;

    bsr_status status = video_writer_open(&writer, path, &options, &err);
    if (status == BSR_EMISSING) {
        print_message("SKIPPED: %s\n", err.message);
        skip();
    }
    assert_int_equal(status, BSR_OK);
    assert_int_equal(image_alloc(&image, WIDTH, HEIGHT, 3, 8, NULL), BSR_OK);
    for (int t = 0; t < FRAMES; t++) {
        draw_scene(&image, t);
        assert_int_equal(video_writer_add(writer, &image, (double)t / RATE, &err), BSR_OK);
    }
    image_free(&image);
    assert_int_equal(video_writer_close(writer, (double)FRAMES / RATE, &err), BSR_OK);
}

/* ---- the records --------------------------------------------------------------------------------------- */

/* The thing of this class that stands where the box does; -1: none, or partly hidden. */
static int thing_of(const json_t *found, int t)
{
    const json_t *box = json_object_get(found, "box");
    const double  x =
        (json_number_value(json_array_get(box, 0)) + json_number_value(json_array_get(box, 2))) / 2;
    const double y = json_number_value(json_array_get(box, 3));
    const bool   disc = json_integer_value(json_object_get(found, "class")) == 1;

    for (int i = 0; i < THINGS; i++) {
        const struct place place = place_of((enum thing)i, t);
        if (place.seen && disc == (i >= CYAN) && fabs(place.x - x) < 2 && fabs(place.y - y) < 2)
            return i;
    }
    return -1;
}

/* A thing keeps its number, and no two have one. */
static void check_record(const json_t *record, int t, json_int_t ids[THINGS], int *places)
{
    const json_t *list = json_object_get(record, "detections");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t    *found = json_array_get(list, i);
        const json_int_t id = json_integer_value(json_object_get(found, "track"));
        const int        thing = thing_of(found, t);
        if (thing < 0 || id == 0)
            continue;
        ++*places;
        if (ids[thing] != 0 && ids[thing] != id)
            fail_msg("frame %d: thing %d was #%d and is #%d", t, thing, (int)ids[thing], (int)id);
        ids[thing] = id;
    }
}

static void test_counts_and_numbers_are_those_of_the_scene(void **state)
{
    json_int_t ids[THINGS] = {0};
    int        places = 0, t = 0;
    (void)state;
    film_write("cards.mp4");
    struct run_result run = run_shell(
        "$BESRA live --headless -m \"$SOURCE/tests/app/data/squares.onnx\" --json %s cards.mp4", shapes);
    expect_code(&run, 0);
    for (size_t i = 0; i < record_count(run.out); i++) {
        json_t *record = record_read(run.out, i);
        if (json_object_get(record, "detections"))
            check_record(record, t++, ids, &places);
        json_decref(record);
    }
    assert_int_equal(t, FRAMES);
    assert_true(places > FRAMES * THINGS * 8 / 10); /* else nothing was looked at */
    for (int i = 0; i < THINGS; i++)
        for (int other = 0; other < i; other++)
            assert_int_not_equal(ids[i], ids[other]);
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++)
        expect_part(run.err, truth[i].said);
    run_free(&run);
}

/* The counts of the records are the same sums, each a step of one from the last. */
static void test_each_count_is_told_as_it_comes(void **state)
{
    static const struct {
        int         thing_at; /* the frame in which it stands on the line */
        const char *there;
    } cards[] = {{70, "\"there\":1,\"back\":1"}, {92, "\"there\":2,\"back\":1"}};
    (void)state;
    film_write("cards.mp4");
    struct run_result run =
        run_shell("$BESRA live --headless -q -m \"$SOURCE/tests/app/data/squares.onnx\" --json %s cards.mp4 |"
                  " grep '\"shape\":1'",
                  shapes);
    expect_code(&run, 0);
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
        char *copy = mem_copy_text(run.out), *rest = copy, *line;
        bool  there = false;
        assert_non_null(copy);
        while ((line = strsep(&rest, "\n")) && !there) {
            const char *card = strstr(line, "\"name\":\"card\","), *frame = strstr(line, "\"frame\":");
            there = card &&
                    strncmp(card + strlen("\"name\":\"card\","), cards[i].there, strlen(cards[i].there)) == 0;
            if (there && (atoi(frame + strlen("\"frame\":")) < cards[i].thing_at ||
                          atoi(frame + strlen("\"frame\":")) > cards[i].thing_at + 25))
                fail_msg("%s", line);
        }
        if (!there)
            fail_msg("no %s in:\n%s", cards[i].there, run.out);
        mem_free(copy);
    }
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_counts_and_numbers_are_those_of_the_scene),
        IN_SCRATCH(test_each_count_is_told_as_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
