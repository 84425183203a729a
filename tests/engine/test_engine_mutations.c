/* Seeded mutations of models through the whole opening path (tests/fuzz/fuzz_engine.c): refused or run, never
 * a crash, never more than 1 GB of memory.
 *
 *     test_engine_mutations [COUNT [FIRST]]
 *
 * Mutation number FIRST, FIRST + 1, ... of the models of this folder's neighbours and, where they are there,
 * of $BESRA_SHARED/models/tutorial. A mutation is told by its number alone: that of a failure, with COUNT 1,
 * shows it again. Numbers run in processes of their own, some hundreds in each, so that one that dies is
 * known and the rest goes on. */
#include "base/alloc.h"
#include "base/file.h"
#include "tests/fuzz/fuzz_engine.h"
#include "tests/onnx/sample.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A mutation takes a sanitizer ten times as long. */
#if defined(__SANITIZE_ADDRESS__)
enum { USUAL_COUNT = 3000 };
#else
enum { USUAL_COUNT = 10000 };
#endif

enum {
    CHUNK = 500,           /* of one process */
    MOST_FAILURES = 20,    /* then it ends */
    MOST_SECONDS = 60,     /* for one mutation: the slowest takes two under the sanitizers */
    MOST_MEMORY = 1 << 20, /* KiB a process may have held at once */
};

struct corpus {
    struct bytes *models;
    char        **names;
    size_t        count;
};

/* What processes tell each other of. */
struct shared {
    unsigned long now; /* the mutation under way */
    unsigned long outcomes[FUZZ_OUTCOMES];
    long          memory;    /* KiB: the most at once, */
    unsigned long memory_at; /* first seen behind this mutation */
};

/* ---- models ---------------------------------------------------------------------------------- */

static bool add_model(struct corpus *corpus, const char *path)
{
    struct bsr_error err = {0};
    size_t           n = corpus->count;

    corpus->models = mem_resize(corpus->models, n + 1, sizeof *corpus->models);
    corpus->names = mem_resize(corpus->names, n + 1, sizeof(char *));
    corpus->models[n] = (struct bytes){0};
    corpus->names[n] = mem_copy_text(path);
    if (file_read(&corpus->models[n], path, (size_t)1 << 20, &err) != BSR_OK) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        return false;
    }
    corpus->count++;
    return true;
}

static bool add_models(struct corpus *corpus, const char *folder)
{
    char   pattern[1024];
    glob_t found = {0};
    bool   fine = true;

    snprintf(pattern, sizeof pattern, "%s/*.onnx", folder);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            fine = add_model(corpus, found.gl_pathv[i]) && fine;
    globfree(&found);
    return fine;
}

static void free_corpus(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++) {
        bytes_free(&corpus->models[i]);
        mem_free(corpus->names[i]);
    }
    mem_free(corpus->models);
    mem_free(corpus->names);
}

/* ---- mutations ------------------------------------------------------------------------------- */

/* Every other one is of the tutorials, where they are there. */
static size_t choose_model(const struct corpus *own, const struct corpus *tutorial, unsigned long number,
                           const struct corpus **of)
{
    *of = tutorial->count && number % 2 ? tutorial : own;
    return number / 2 % (*of)->count;
}

/* Most change a byte where it stands: what moves or cuts parts is hardly ever a model any more. */
static size_t mutate_model(uint8_t *data, size_t size, uint64_t *random)
{
    size_t at = (size_t)(next_random(random) % size);

    switch (next_random(random) % 8) {
    case 0:
        return mutate(data, size, random);
    case 1:
    case 2:
        data[at] = (uint8_t)next_random(random);
        break;
    case 3:
    case 4:
        data[at] ^= (uint8_t)(1U << (next_random(random) % 8));
        break;
    case 5:
        data[at]++;
        break;
    case 6:
        data[at]--;
        break;
    default:
        data[at] = (uint8_t)(next_random(random) % 20);
    }
    return size;
}

static enum fuzz_outcome run_mutation(const struct bytes *model, unsigned long number)
{
    uint64_t random = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    uint8_t *copy = exact_copy(model->data, model->size);
    size_t   left = model->size;

    for (uint64_t count = 1 + next_random(&random) % 3; count; count--)
        left = mutate_model(copy, left, &random);
    uint8_t *exact = exact_copy(copy, left);
    mem_free(copy);
    enum fuzz_outcome outcome = fuzz_engine(exact, left, number / 4 % 2 ? "opencv" : "auto");
    mem_free(exact);
    return outcome;
}

static void note_memory(struct shared *shared, unsigned long number)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    if (usage.ru_maxrss > shared->memory) {
        shared->memory = usage.ru_maxrss;
        shared->memory_at = number;
    }
}

static void run_chunk(const struct corpus *own, const struct corpus *tutorial, struct shared *shared,
                      unsigned long end)
{
    const struct corpus *of;

    for (; shared->now < end; shared->now++) {
        size_t model = choose_model(own, tutorial, shared->now, &of);
        alarm(MOST_SECONDS);
        shared->outcomes[run_mutation(&of->models[model], shared->now)]++;
        note_memory(shared, shared->now);
    }
}

/* False, aloud, where the process died on the way; shared->now is where. */
static bool run_process(const struct corpus *own, const struct corpus *tutorial, struct shared *shared,
                        unsigned long end)
{
    const struct corpus *of;
    int                  status = 0;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run_chunk(own, tutorial, shared, end);
        exit(0); /* not _exit(): leaks are looked for here */
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "no process: %s\n", strerror(errno));
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    size_t model = choose_model(own, tutorial, shared->now, &of);
    printf("mutation %lu (of %s): ", shared->now, of->names[model]);
    if (shared->now >= end)
        printf("its process left something behind\n");
    else if (WIFSIGNALED(status))
        printf("%s\n", strsignal(WTERMSIG(status)));
    else
        printf("its process ended with %d\n", WEXITSTATUS(status));
    return false;
}

static int run_all(const struct corpus *own, const struct corpus *tutorial, struct shared *shared,
                   unsigned long count, unsigned long first)
{
    int failures = 0;

    shared->now = first;
    while (shared->now < first + count && failures < MOST_FAILURES) {
        unsigned long end = shared->now + CHUNK < first + count ? shared->now + CHUNK : first + count;
        if (!run_process(own, tutorial, shared, end)) {
            failures++;
            shared->now += shared->now < end;
        }
    }
    return failures;
}

static void report(const struct shared *shared, unsigned long count, size_t models)
{
    static const char *const words[] = {
        [FUZZ_UNREADABLE] = "unreadable",
        [FUZZ_REFUSED] = "refused by the engine",
        [FUZZ_REFUSED_RUN] = "refused at the run",
        [FUZZ_OPENED] = "opened, with inputs too large to run",
        [FUZZ_RUN] = "run",
    };

    printf("%lu mutations of %zu models:", count, models);
    for (int i = 0; i < FUZZ_OUTCOMES; i++)
        printf("%s %lu %s", i ? "," : "", shared->outcomes[i], words[i]);
    printf("; at most %ld MiB, in number %lu\n", shared->memory >> 10, shared->memory_at);
}

int main(int argc, char **argv)
{
    unsigned long  count = argc > 1 ? strtoul(argv[1], NULL, 10) : USUAL_COUNT;
    unsigned long  first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    const char    *folder = getenv("BESRA_SHARED");
    char           path[1024];
    struct corpus  own = {0}, tutorial = {0};
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        return 1;
    bool fine = add_models(&own, SAMPLE_FOLDER) && add_models(&own, BESRA_SOURCE_DIR "/tests/app/data");
    snprintf(path, sizeof path, "%s/models/tutorial", folder ? folder : "");
    fine = fine && add_models(&tutorial, path) && own.count;
    if (fine && !tutorial.count)
        printf("SKIPPED: mutations of the tutorials' models: %s is not there (BESRA_SHARED)\n", path);
    if (fine) {
        fine = run_all(&own, &tutorial, shared, count, first) == 0;
        report(shared, count, own.count + tutorial.count);
    }
    if (shared->memory > MOST_MEMORY) {
        printf("more than %d MiB\n", MOST_MEMORY >> 10);
        fine = false;
    }
    free_corpus(&own);
    free_corpus(&tutorial);
    munmap(shared, sizeof *shared);
    return fine ? 0 : 1;
}
