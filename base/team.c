#include "base/team.h"

#include "base/alloc.h"
#include "base/busy.h"
#include "base/priority.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Rounds of spinning before a thread yields its processor at each further look, and before one that waits for
 * a run goes to sleep: some 20 microseconds each. */
enum { SPINS = 2000, SLEEP_SPINS = 2000 };

struct member {
    struct team *team;
    pthread_t    thread;
    int          index;
};

struct team {
    _Alignas(MEM_ALIGNMENT) atomic_int arrived;               /* threads that have ended the step */
    char           apart[MEM_ALIGNMENT - sizeof(atomic_int)]; /* what all write is not where they look */
    atomic_uint    phase;                                     /* grows by one when all have arrived */
    atomic_uint    run;     /* grows by two a run; is odd when the team ends */
    struct member *members; /* [threads]; the first has no thread of its own */
    team_work     *work;
    void          *context;
    int            threads, sleeping, steps;

    pthread_mutex_t lock;
    pthread_cond_t  start;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until all have come here. */
static void meet(struct team *team)
{
    unsigned phase = atomic_load_explicit(&team->phase, memory_order_acquire);

    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == team->threads) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->phase, phase + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&team->phase, memory_order_acquire) == phase; spins++) {
        if (spins < SPINS)
            pause_briefly();
        else
            sched_yield();
    }
}

/* What is to be done is read before the first meeting: behind the last one it may be the next run's. So may
 * the processor, which is why the thread is no longer at work when it comes there. */
static void run_steps(struct team *team, int thread)
{
    int        steps = team->steps;
    team_work *work = team->work;
    void      *context = team->context;

    busy_begin();
    for (int step = 0; step < steps; step++) {
        work(context, step, thread);
        if (step == steps - 1)
            busy_end();
        meet(team);
    }
}

enum { ENDED = 1 };

/* Waits for a run after `seen`; spins shortly, since the next picture often comes at once. */
static unsigned wait_for_run(struct team *team, unsigned seen)
{
    unsigned run = seen;

    for (int spins = 0; spins < SLEEP_SPINS && run == seen; spins++) {
        pause_briefly();
        run = atomic_load_explicit(&team->run, memory_order_acquire);
    }
    if (run != seen)
        return run;
    pthread_mutex_lock(&team->lock);
    team->sleeping++;
    while ((run = atomic_load_explicit(&team->run, memory_order_acquire)) == seen)
        pthread_cond_wait(&team->start, &team->lock);
    team->sleeping--;
    pthread_mutex_unlock(&team->lock);
    return run;
}

static void *member_main(void *argument)
{
    struct member *member = argument;
    unsigned       seen = 0;

    priority_enter_worker();
    for (;;) {
        seen = wait_for_run(member->team, seen);
        if (seen & ENDED)
            return NULL;
        run_steps(member->team, member->index);
    }
}

/* Lets the threads see a new value of team->run. */
static void wake(struct team *team, unsigned add)
{
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add_explicit(&team->run, add, memory_order_acq_rel);
    if (team->sleeping)
        pthread_cond_broadcast(&team->start);
    pthread_mutex_unlock(&team->lock);
}

static bsr_status start_members(struct team *team, int threads, struct bsr_error *err)
{
    for (int i = 1; i < threads; i++) {
        struct member *member = &team->members[i];
        *member = (struct member){.team = team, .index = i};
        if (pthread_create(&member->thread, NULL, member_main, member) != 0)
            return bsr_fail(err, BSR_EIO, NULL, "the system gives no %d threads", threads);
        team->threads = i + 1;
    }
    return BSR_OK;
}

bsr_status team_create(struct team **out, int threads, struct bsr_error *err)
{
    if (threads < 1 || threads > TEAM_MOST)
        return bsr_fail(err, BSR_ERANGE, NULL, "%d threads (1 to %d)", threads, TEAM_MOST);

    struct team *team = mem_alloc_aligned(1, sizeof *team);
    if (!team)
        return bsr_fail_memory(err, NULL, sizeof *team);
    *team = (struct team){.threads = 1};
    team->members = mem_alloc_zeroed((size_t)threads, sizeof *team->members);
    if (!team->members) {
        mem_free(team);
        return bsr_fail_memory(err, NULL, (size_t)threads * sizeof *team->members);
    }
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->start, NULL);
    bsr_status status = start_members(team, threads, err);
    if (status != BSR_OK) {
        team_destroy(team);
        return status;
    }
    *out = team;
    return BSR_OK;
}

void team_destroy(struct team *team)
{
    if (!team)
        return;
    wake(team, ENDED);
    for (int i = 1; i < team->threads; i++)
        pthread_join(team->members[i].thread, NULL);
    pthread_cond_destroy(&team->start);
    pthread_mutex_destroy(&team->lock);
    mem_free(team->members);
    mem_free(team);
}

int team_threads(const struct team *team)
{
    return team ? team->threads : 1;
}

void team_run(struct team *team, int steps, team_work *work, void *context)
{
    if (steps < 1)
        return;
    if (team_threads(team) == 1) {
        busy_begin();
        for (int step = 0; step < steps; step++)
            work(context, step, 0);
        busy_end();
        return;
    }
    team->steps = steps;
    team->work = work;
    team->context = context;
    wake(team, 2);
    run_steps(team, 0);
}
