/* --threads is the number of busy processors: besra's own threads are counted while they work, the system's
 * list shows those of libraries, and the processor time tells of both. */
#include "base/busy.h"
#include "besra.h"
#include "pipeline/detect_job.h"
#include "pipeline/upscale_job.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CARDS   BESRA_SOURCE_DIR "/assets/cards"
#define PHOTO   BESRA_SOURCE_DIR "/assets/photos/chelsea.jpg"
#define MODEL_A BESRA_SOURCE_DIR "/models/cards.cfg"
#define MODEL_B BESRA_SOURCE_DIR "/models/srcnn.cfg"

/* What stands for the time of threads that wait awake for a moment, and for the clock's grain. */
#define TIME_SLACK    1.25
#define TIME_SLACK_MS 30.0

#ifdef BESRA_SANITIZED
enum { LEAST_THREADS = 2, MOST_THREADS = 2 };
#else
enum { LEAST_THREADS = 1, MOST_THREADS = 3 };
#endif

/* A run of besra in a process of its own, so that no thread of an earlier run is left. */
struct situation {
    enum { DETECT, UPSCALE } task;
    const char *engine;
    bool        many; /* more pictures than threads */
    int         threads;
};

/* ---- what is seen from outside ------------------------------------------------------------------ */

static int count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int  count = 0;

    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static double now_ms(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

struct counted {
    batch_work *work;
    void       *job;
    atomic_int  most_threads;
    int         failed;
};

static void note_threads(struct counted *watch)
{
    int count = count_threads(), most = atomic_load(&watch->most_threads);
    while (count > most && !atomic_compare_exchange_weak(&watch->most_threads, &most, count)) {
    }
}

static void work(void *context, struct batch *batch, int worker, size_t index, struct item_result *result)
{
    struct counted *watch = context;
    watch->work(watch->job, batch, worker, index, result);
    note_threads(watch);
}

static bool report(void *context, size_t index, const struct item_result *result)
{
    struct counted *watch = context;
    if (result->status != BSR_OK) {
        fprintf(stderr, "input %zu: %s: %s\n", index, result->error.subject, result->error.message);
        watch->failed++;
    }
    return true;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static void require(bsr_status status, const struct bsr_error *err)
{
    if (status == BSR_OK)
        return;
    fprintf(stderr, "%s: %s\n", err->subject, err->message);
    _exit(2);
}

static void run_batch(const struct job *job, struct counted *watch)
{
    const struct batch_options options = {.count = job->sources->count,
                                          .workers = job->workers,
                                          .work = work,
                                          .report = report,
                                          .context = watch};
    struct bsr_error           err;
    require(batch_run(&options, &err), &err);
}

static void detect(const struct job *job, struct counted *watch)
{
    struct detect_job_options options = {
        .detect = detect_options_default(job->model), .save_image = true, .label = "{class}"};
    struct bytes       notes = {0};
    struct detect_job *made = NULL;
    struct bsr_error   err;

    require(detect_job_open(&made, job, &options, &notes, &err), &err);
    *watch = (struct counted){.work = detect_job_work, .job = made};
    run_batch(job, watch);
    detect_job_close(made);
    bytes_free(&notes);
}

static void upscale(const struct job *job, struct counted *watch)
{
    const struct upscale_job_options options = {.size = {.factor = 1}};
    struct upscale_job              *made = NULL;
    struct bsr_error                 err;

    require(upscale_job_open(&made, job, &options, &err), &err);
    *watch = (struct counted){.work = upscale_job_work, .job = made};
    run_batch(job, watch);
    upscale_job_close(made);
}

static void collect(struct sources *sources, struct outputs *outputs, const struct situation *at)
{
    static char folder[] = CARDS, card[] = CARDS "/cards-1.jpg", photo[] = PHOTO;
    char       *inputs[] = {photo, photo, photo, photo};
    size_t      count = at->many ? 4 : 1;

    if (at->task == DETECT) {
        inputs[0] = at->many ? folder : card;
        count = 1;
    }
    struct bsr_error err;
    require(sources_collect(sources, inputs, count, &(struct source_options){0}, &err), &err);
    require(outputs_plan(outputs, sources, PICTURE_PNG, &err), &err);
}

/* What must hold, said aloud where it doesn't. */
static bool holds(const struct situation *at, int busy, int threads, double processor_ms, double wall_ms)
{
    bool fine = busy >= 1 && busy <= at->threads &&
                processor_ms <= wall_ms * at->threads * TIME_SLACK + TIME_SLACK_MS;

    /* Where each picture has one thread there is no other, of OpenCV neither. */
    if (at->many || at->threads == 1)
        fine = fine && threads <= at->threads;
    /* The threads of a net all work at each of its layers. */
    if (!at->many && !at->engine && at->task == DETECT)
        fine = fine && busy == at->threads;
    if (!fine)
        fprintf(stderr, "%s, engine %s, %s, %d threads: %d at work, %d there, %.0f ms of %.0f\n",
                at->task == DETECT ? "detect" : "upscale", at->engine ? at->engine : "auto",
                at->many ? "many pictures" : "one picture", at->threads, busy, threads, processor_ms,
                wall_ms);
    return fine;
}

static bool run_situation(const struct situation *at)
{
    const struct model_hints hints = {.engine = {.backend = at->engine}};
    struct model             model;
    struct sources           sources = {0};
    struct outputs           outputs = {0};
    struct counted           watch;
    struct bsr_error         err;
    char                     folder[] = "/tmp/besra-test-threads-XXXXXX", command[64 + sizeof folder];

    if (!mkdtemp(folder))
        return false;
    require(model_open(&model, at->task == DETECT ? MODEL_A : MODEL_B,
                       at->task == DETECT ? CARD_DETECT : CARD_UPSCALE, &hints, &err),
            &err);
    collect(&sources, &outputs, at);
    const struct job job = {.model = &model,
                            .sources = &sources,
                            .outputs = &outputs,
                            .folder = folder,
                            .format = PICTURE_PNG,
                            .quality = 90,
                            .threads = at->threads,
                            .workers = job_workers(at->threads, sources.count)};

    double processor = now_ms(CLOCK_PROCESS_CPUTIME_ID), wall = now_ms(CLOCK_MONOTONIC);
    busy_take_most();
    (at->task == DETECT ? detect : upscale)(&job, &watch);
    processor = now_ms(CLOCK_PROCESS_CPUTIME_ID) - processor;
    wall = now_ms(CLOCK_MONOTONIC) - wall;
    bool fine = holds(at, busy_take_most(), atomic_load(&watch.most_threads), processor, wall);

    outputs_free(&outputs);
    sources_free(&sources);
    model_free(&model);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 && fine && watch.failed == 0; /* NOLINT(cert-env33-c) */
}

/* ---- the public API's ----------------------------------------------------------------------------- */

static void ignore_result(void *context, uint64_t number, const struct bsr_detections *detections,
                          const struct bsr_error *err)
{
    (void)number;
    (void)err;
    if (!detections)
        atomic_fetch_add((atomic_int *)context, 1);
}

/* A stream's threads are beside the caller's, which only pushes. */
static bool stream_keeps_to_its_threads(int threads)
{
    struct bsr_detect_options options = bsr_detect_options_default();
    struct bsr_stream        *stream = NULL;
    struct bsr_image          image;
    struct bsr_error          err;
    atomic_int                failed = 0;

    options.threads = threads;
    require(bsr_image_read(&image, CARDS "/cards-1.jpg", &err), &err);
    require(bsr_stream_open(&stream, MODEL_A, &options, ignore_result, &failed, &err), &err);
    busy_take_most();
    for (int i = 0; i < 4 * threads; i++)
        require(bsr_stream_push(stream, &image, &err), &err);
    bsr_stream_drain(stream);
    int busy = busy_take_most(), there = count_threads();
    bsr_stream_close(stream);
    bsr_image_free(&image);
    if (busy < 1 || busy > threads || there > threads + 1)
        fprintf(stderr, "a stream of %d threads: %d at work, %d there\n", threads, busy, there);
    return busy >= 1 && busy <= threads && there <= threads + 1 && atomic_load(&failed) == 0;
}

/* ---- tests -------------------------------------------------------------------------------------- */

static void require_child(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void check_situations(bool many)
{
    static const char *const engines[] = {NULL, "opencv", "besra"};

    for (int task = DETECT; task <= UPSCALE; task++)
        for (size_t e = 0; e < sizeof engines / sizeof *engines; e++)
            for (int threads = LEAST_THREADS; threads <= MOST_THREADS; threads++) {
                const struct situation at = {
                    .task = task, .engine = engines[e], .many = many, .threads = threads};
                if (engines[e] && strcmp(engines[e], "besra") == 0 && (task == UPSCALE || threads != 2))
                    continue; /* slow, and without threads of its own */
                pid_t child = fork();
                assert_true(child >= 0);
                if (child == 0)
                    _exit(run_situation(&at) ? 0 : 1);
                require_child(child);
            }
}

static void test_one_picture_keeps_no_more_threads_busy_than_asked(void **state)
{
    (void)state;
    check_situations(false);
}

static void test_many_pictures_keep_no_more_threads_busy_than_asked(void **state)
{
    (void)state;
    check_situations(true);
}

static void test_streams_keep_no_more_threads_busy_than_asked(void **state)
{
    (void)state;
    for (int threads = LEAST_THREADS; threads <= MOST_THREADS; threads++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(stream_keeps_to_its_threads(threads) ? 0 : 1);
        require_child(child);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_picture_keeps_no_more_threads_busy_than_asked),
        cmocka_unit_test(test_many_pictures_keep_no_more_threads_busy_than_asked),
        cmocka_unit_test(test_streams_keep_no_more_threads_busy_than_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
