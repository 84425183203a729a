/* The three tiers of besra.h, each in a function of its own.
 *
 *     cc example.c $(pkg-config --cflags --libs besra) -o example
 *     ./example picture.jpg other.jpg ...
 *
 * Finds playing cards in each picture, and enlarges the first one to twice its size. */
#include <besra.h>

#include <stdio.h>

/* Every failure comes with who, what and why, and often with what to do. */
static int complain(const struct bsr_error *err)
{
    fprintf(stderr, "%s: %s\n", err->subject, err->message);
    if (err->hint[0])
        fprintf(stderr, "    %s\n", err->hint);
    return 1;
}

/* Tier 1, one call: a model's name, a picture's path, done. */
static int one_call(const char *path)
{
    struct bsr_error      err;
    struct bsr_detections found;
    if (bsr_detect_file("cards", path, NULL, &found, &err) != BSR_OK)
        return complain(&err);
    for (size_t i = 0; i < found.count; i++)
        printf("%s: %s %.2f\n", path, found.items[i].name, found.items[i].score);
    bsr_detections_free(&found);
    return 0;
}

/* Tier 2, a model: opened once, used on pictures in memory. */
static int with_models(const char *path)
{
    struct bsr_detect_options options = bsr_detect_options_default();
    struct bsr_model         *detector = NULL, *enlarger = NULL;
    struct bsr_image          image = {0}, enlarged = {0};
    struct bsr_detections     found = {0};
    struct bsr_error          err;
    int                       failed = 0;

    options.confidence = 0.4;
    options.max_detections = 10;
    if (bsr_model_open_detect(&detector, "cards", &options, &err) != BSR_OK ||
        bsr_model_open_upscale(&enlarger, "srcnn", 0, &err) != BSR_OK ||
        bsr_image_read(&image, path, &err) != BSR_OK ||
        bsr_detect(detector, &image, &found, &err) != BSR_OK ||
        bsr_upscale(enlarger, &image, 2, &enlarged, &err) != BSR_OK)
        failed = complain(&err);
    else
        printf("%s: %zu cards; %d x %d pixels become %d x %d\n", path, found.count, image.width, image.height,
               enlarged.width, enlarged.height);
    bsr_detections_free(&found);
    bsr_image_free(&enlarged);
    bsr_image_free(&image);
    bsr_model_close(enlarger);
    bsr_model_close(detector);
    return failed;
}

/* Tier 3, a stream: pictures go in as they come, results come out in the same order. */
struct tally {
    size_t pictures, cards;
};

static void take_result(void *context, uint64_t number, const struct bsr_detections *found,
                        const struct bsr_error *err)
{
    struct tally *tally = context;
    (void)number; /* the picture's, from 0 */
    if (err) {
        complain(err);
        return;
    }
    tally->pictures++;
    tally->cards += found->count;
}

static int with_a_stream(char *const *paths, int count)
{
    struct bsr_error   err;
    struct tally       tally = {0};
    struct bsr_stream *stream = NULL;
    int                failed = 0;

    if (bsr_stream_open(&stream, "cards", NULL, take_result, &tally, &err) != BSR_OK)
        return complain(&err);
    for (int i = 0; i < count; i++) {
        struct bsr_image image = {0};
        if (bsr_image_read(&image, paths[i], &err) != BSR_OK ||
            bsr_stream_push(stream, &image, &err) != BSR_OK)
            failed |= complain(&err);
        bsr_image_free(&image);
    }
    bsr_stream_close(stream); /* waits for the results under way */
    printf("%zu cards in %zu pictures\n", tally.cards, tally.pictures);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s PICTURE...\n", argv[0]);
        return 2;
    }
    return one_call(argv[1]) || with_models(argv[1]) || with_a_stream(argv + 1, argc - 1);
}
