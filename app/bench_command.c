/* besra bench: how long a model takes, and where. */
#include "app/bench_show.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/model_engine.h"
#include "app/run.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "pipeline/formats.h"

/* A model measured, maybe beside itself in another engine. */
struct measuring {
    const struct options *options;
    struct bench         *bench, *other; /* other NULL: nothing to compare with */
    struct model_file     file;          /* of a net that is for no picture command */
    struct bytes          onnx, notes;
};

/* `besra bench net.onnx` and `besra bench -m net.onnx` are the same. */
static char *model_of(const struct options *options)
{
    return options->input_count ? options->inputs[0] : options->model;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static struct bench_options options_of(const struct options *options, enum engine_choice engine)
{
    struct engine_options how = engine_of_options(options);

    how.backend = backend_of_choice(engine);
    if (engine != options->engine) /* --compare */
        how.precision = ENGINE_F32;
    return (struct bench_options){
        .threads = options->threads,
        .picture = options->feeds.count ? options->feeds.items[0] : NULL,
        .scale = options->scale,
        .hints = {.width = options->size.width, .height = options->size.height, .engine = how},
    };
}

/* The inputs of a net that no picture command takes, with --shape and the like. */
static int read_net(struct measuring *measuring)
{
    struct options   options = *measuring->options;
    struct bsr_error err;

    options.model = model_of(measuring->options);
    options.inputs = &options.model;
    options.input_count = 1;
    int code = model_file_open(&measuring->file, &options);
    if (code != EXIT_DONE)
        return code;
    bsr_status status = model_file_assume(&measuring->file, &err);
    if (status == BSR_OK)
        status = model_file_settled(&measuring->onnx, &measuring->file, &err);
    return status == BSR_OK ? EXIT_DONE : run_fail(&err);
}

static bsr_status read_feeds(struct feeds *feeds, const struct measuring *measuring, struct bsr_error *err)
{
    const struct options    *options = measuring->options;
    const struct model_file *file = &measuring->file;
    bsr_status               status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++)
        status = feeds_add_file(feeds, file->model, &file->chosen, options->feeds.items[i], err);
    if (status == BSR_OK)
        status = model_inputs_add_rest(feeds, file, options->seed, true, err);
    return status == BSR_OK ? model_engine_widen(feeds, err) : status;
}

/* Frozen inputs are constants of the settled model. */
static void drop_frozen(struct feeds *feeds, const struct model_file *file)
{
    int kept = 0;

    for (int i = 0; i < feeds->count; i++) {
        struct onnx_named       *feed = &feeds->items[i];
        const struct onnx_named *chosen = feeds_find(&file->chosen, feed->name);
        if (chosen && chosen->tensor.data) {
            mem_free((void *)feed->name);
            tensor_free(&feed->tensor);
            continue;
        }
        feeds->items[kept++] = *feed;
    }
    feeds->count = kept;
}

static int open_net(struct bench **out, struct measuring *measuring, const struct bench_options *how)
{
    struct feeds     feeds = {.items = NULL};
    struct bsr_error err;
    int              code = measuring->file.model ? EXIT_DONE : read_net(measuring);

    if (code != EXIT_DONE)
        return code;
    bsr_status status = read_feeds(&feeds, measuring, &err);
    if (status != BSR_OK) {
        feeds_free(&feeds);
        return run_fail(&err);
    }
    drop_frozen(&feeds, &measuring->file);
    status = bench_open_net(out, &measuring->onnx, &feeds, measuring->file.card.file, how, &err);
    return status == BSR_OK ? EXIT_DONE : run_fail(&err);
}

/* As a model for pictures, unless it is none or its inputs are told. */
static int open_bench(struct bench **out, struct measuring *measuring, enum engine_choice engine)
{
    const struct options *options = measuring->options;
    struct bench_options  how = options_of(options, engine);
    struct bsr_error      err;
    bsr_status            status = BSR_EMODEL;

    if (!options->shapes.count && !options->freeze.count && !measuring->file.model)
        status = bench_open(out, model_of(options), &how, &measuring->notes, &err);
    if (status == BSR_EMODEL)
        return open_net(out, measuring, &how);
    return status == BSR_OK ? EXIT_DONE : run_fail(&err);
}

/* ---- measuring ----------------------------------------------------------------------------------------- */

/* In short turns, so that what else the machine does meets both alike, and Ctrl-C is heard. */
static int run_turns(struct measuring *measuring)
{
    enum { TURNS = 10 };
    int              runs = measuring->options->runs;
    struct bsr_error err;

    for (int turn = 0; turn < TURNS; turn++) {
        int        share = runs * (turn + 1) / TURNS - runs * turn / TURNS;
        bsr_status status = bench_run(measuring->bench, share, &err);
        if (status == BSR_OK && measuring->other)
            status = bench_run(measuring->other, share, &err);
        if (status != BSR_OK)
            return run_fail(&err);
        if (interrupt_signal)
            return EXIT_SIGNAL + interrupt_signal;
    }
    return EXIT_DONE;
}

static int tell(const struct measuring *measuring)
{
    enum { PROFILE_RUNS = 10 };
    struct bench_report report = {.options = measuring->options,
                                  .model = model_of(measuring->options),
                                  .bench = measuring->bench,
                                  .other = measuring->other,
                                  .peak = engine_peak(measuring->options->threads)};
    struct bsr_error    err;
    bsr_status          status = bench_macs(&report.macs, measuring->bench, &err);

    if (status == BSR_OK)
        status = bench_layers(measuring->bench, PROFILE_RUNS, &report.layers, &report.layer_count, &err);
    int code = status == BSR_OK ? bench_show(&report) : run_fail(&err);
    mem_free(report.layers);
    return code;
}

int bench_command(const struct options *options)
{
    struct measuring measuring = {.options = options};
    struct bsr_error err;

    if (!*model_of(options) || (*options->model && options->input_count)) {
        bsr_fail(&err, BSR_EUSAGE, "bench", "%s", *options->model ? "two models" : "which model?");
        bsr_hint(&err, "besra bench net.onnx; besra bench --help says more");
        return run_fail(&err);
    }
    int code = open_bench(&measuring.bench, &measuring, options->engine);
    if (code == EXIT_DONE && options->beside != BESIDE_NONE)
        code = open_bench(&measuring.other, &measuring, (enum engine_choice)(options->beside - 1));
    if (code == EXIT_DONE)
        code = run_turns(&measuring);
    if (code == EXIT_DONE)
        code = tell(&measuring);
    bench_close(measuring.bench);
    bench_close(measuring.other);
    model_file_close(&measuring.file);
    bytes_free(&measuring.onnx);
    bytes_free(&measuring.notes);
    return code;
}
