#include "engine/fast/runner.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "engine/fast/program.h"

#include <stdatomic.h>
#include <string.h>

static atomic_int wanted_threads = 1;

void fast_set_threads(int threads)
{
    atomic_store(&wanted_threads, threads < 1 ? 1 : (threads > TEAM_MOST ? TEAM_MOST : threads));
}

int fast_threads(void)
{
    return atomic_load(&wanted_threads);
}

bsr_status fast_runner_open(struct fast_runner **out, struct bsr_error *err)
{
    struct fast_runner *runner = mem_alloc_zeroed(1, sizeof *runner);
    if (!runner)
        return bsr_fail_memory(err, NULL, sizeof *runner);
    *out = runner;
    return BSR_OK;
}

void fast_runner_close(struct fast_runner *runner)
{
    if (!runner)
        return;
    team_destroy(runner->team);
    mem_free(runner->arena);
    mem_free(runner->scratch);
    mem_free(runner->pixels);
    mem_free(runner->rows);
    mem_free(runner);
}

void fast_runner_set_way(struct fast_runner *runner, struct fast_way way)
{
    runner->way = way;
}

struct fast_way fast_runner_way(const struct fast_runner *runner)
{
    return runner->way;
}

/* ---- before a run -------------------------------------------------------------------------------- */

static bsr_status get_team(struct fast_runner *runner, int threads, struct bsr_error *err)
{
    if (team_threads(runner->team) == threads)
        return BSR_OK;
    team_destroy(runner->team);
    runner->team = NULL;
    return threads == 1 ? BSR_OK : team_create(&runner->team, threads, err);
}

/* What all threads may read and write without harm behind the last map: a vector. */
enum { ARENA_SLACK = MEM_ALIGNMENT / sizeof(float) };

static bsr_status get_arena(struct fast_runner *runner, size_t floats, struct bsr_error *err)
{
    if (floats + ARENA_SLACK <= runner->floats)
        return BSR_OK;
    mem_free(runner->arena);
    runner->floats = 0;
    runner->arena = mem_alloc_aligned(floats + ARENA_SLACK, sizeof *runner->arena);
    if (!runner->arena)
        return bsr_fail_memory(err, NULL, floats * sizeof *runner->arena);
    runner->floats = floats + ARENA_SLACK;
    return BSR_OK;
}

static bsr_status get_scratch(struct fast_runner *runner, size_t each, int threads, struct bsr_error *err)
{
    each = (each + MEM_ALIGNMENT - 1) / MEM_ALIGNMENT * MEM_ALIGNMENT + MEM_ALIGNMENT;
    if (each <= runner->scratch_each && (size_t)threads <= runner->scratch_threads)
        return BSR_OK;
    mem_free(runner->scratch);
    runner->scratch_each = 0;
    runner->scratch = mem_alloc_aligned((size_t)threads, each);
    if (!runner->scratch)
        return bsr_fail_memory(err, NULL, each * (size_t)threads);
    runner->scratch_each = each;
    runner->scratch_threads = (size_t)threads;
    return BSR_OK;
}

static bsr_status prepare(struct fast_program *program, struct fast_runner *runner, float *const *inputs,
                          float *const *outputs, struct bsr_error *err)
{
    int        threads = fast_threads();
    bsr_status status = get_team(runner, threads, err);

    if (status == BSR_OK)
        status = get_arena(runner, program->floats, err);
    if (status == BSR_OK && (program->base != runner->arena || program->threads != threads))
        status = program_bind(program, runner->arena, threads, err);
    if (status == BSR_OK)
        status = get_scratch(runner, program->scratch, threads, err);
    if (status == BSR_OK)
        program_bind_planes(program, inputs, outputs);
    return status;
}

/* ---- a run --------------------------------------------------------------------------------------- */

struct running {
    const struct fast_program *program;
    const struct fast_runner  *runner;
    int                        first; /* the step that step 0 of this run is */
};

/* A thread's share of the units of a step: those of each operation, split evenly. What one operation leaves
 * over goes to another thread than what the next does. */
static void run_step(void *context, int step, int thread)
{
    const struct running      *running = context;
    const struct fast_program *program = running->program;
    int                        threads = team_threads(running->runner->team);
    char *scratch = running->runner->scratch + (size_t)thread * running->runner->scratch_each;

    step += running->first;
    for (int i = program->steps[step]; i < program->steps[step + 1]; i++) {
        const struct op *op = &program->ops[i];
        int              turn = (thread + i) % threads;
        int              first = (int)((long long)op->units * turn / threads);
        int              last = (int)((long long)op->units * (turn + 1) / threads);
        if (first < last)
            op->run(op, first, last, scratch);
    }
}

/* Memory of other libraries may end in the middle of a run. */
static bsr_status check_convs(const struct fast_program *program, struct bsr_error *err)
{
    for (int i = 0; program->way.bf16 && i < program->net.layer_count; i++)
        for (int c = 0; c < program->convs[i].count; c++)
            if (conv_has_failed(store_conv(program->convs[i].items[c].packed)))
                return bsr_fail_memory(err, program->name, 0);
    return BSR_OK;
}

bsr_status fast_run(struct fast_program *program, struct fast_runner *runner, float *const *inputs,
                    float *const *outputs, struct bsr_error *err)
{
    bsr_status status = prepare(program, runner, inputs, outputs, err);
    if (status != BSR_OK)
        return status;

    struct running running = {.program = program, .runner = runner};
    team_run(runner->team, program->step_count, run_step, &running);
    return check_convs(program, err);
}

/* ---- profiles ------------------------------------------------------------------------------------ */

/* Zeros for each port. */
static float **make_planes(const struct fast_net *net, enum layer_kind kind)
{
    float **planes = mem_alloc_zeroed((size_t)net->layer_count + 1, sizeof(void *));

    for (int i = 0; planes && i < net->layer_count; i++) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->kind != kind)
            continue;
        const struct fast_value *value = &net->values[kind == LAYER_INPUT ? layer->output : layer->inputs[0]];
        size_t floats = (size_t)value->channels * (size_t)value->height * (size_t)value->width;
        planes[layer->port] = mem_alloc_aligned(floats, sizeof(float));
        if (planes[layer->port])
            memset(planes[layer->port], 0, floats * sizeof(float));
    }
    return planes;
}

static bool are_there(const struct fast_net *net, enum layer_kind kind, float *const *planes)
{
    for (int i = 0; planes && i < net->layer_count; i++)
        if (!net->layers[i].gone && net->layers[i].kind == kind && !planes[net->layers[i].port])
            return false;
    return planes != NULL;
}

static void free_planes(const struct fast_net *net, float **planes)
{
    for (int i = 0; planes && i < net->layer_count; i++)
        mem_free(planes[i]);
    mem_free(planes);
}

static void describe(const struct fast_program *program, int step, struct fast_time *time)
{
    const struct fast_layer *layer = &program->net.layers[program->step_layer[step]];
    const struct fast_value *made =
        &program->net.values[layer->output == NO_VALUE ? layer->inputs[0] : layer->output];

    *time = (struct fast_time){.what = program->ops[program->steps[step + 1] - 1].what,
                               .node = layer->node,
                               .channels = made->channels,
                               .height = made->height,
                               .width = made->width,
                               .macs = layer->macs};
}

static void time_steps(const struct fast_program *program, const struct fast_runner *runner, int runs,
                       struct fast_time *times, int room)
{
    for (int run = 0; run < runs; run++)
        for (int step = 0; step < program->step_count; step++) {
            struct running running = {.program = program, .runner = runner, .first = step};
            double         start = clock_ms();
            team_run(runner->team, 1, run_step, &running);
            double ms = clock_ms() - start;
            if (step < room && (run == 0 || ms < times[step].ms))
                times[step].ms = ms;
        }
}

int fast_profile(struct fast_program *program, struct fast_runner *runner, int runs, struct fast_time *times,
                 int room)
{
    const struct fast_net *net = &program->net;
    float                **inputs = make_planes(net, LAYER_INPUT), **outputs = make_planes(net, LAYER_OUTPUT);
    bool made = are_there(net, LAYER_INPUT, inputs) && are_there(net, LAYER_OUTPUT, outputs) &&
                prepare(program, runner, inputs, outputs, NULL) == BSR_OK;

    for (int step = 0; made && step < program->step_count && step < room; step++)
        describe(program, step, &times[step]);
    if (made)
        time_steps(program, runner, runs, times, room);
    free_planes(net, inputs);
    free_planes(net, outputs);
    return made ? program->step_count : -1;
}
