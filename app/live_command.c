/* besra live: a camera, a stream or a paced file, watched until it ends or the person ends it. */
#include "app/commands.h"
#include "app/detecting.h"
#include "app/exit_code.h"
#include "app/http/stream_server.h"
#include "app/interrupt.h"
#include "app/live_report.h"
#include "app/live_shapes.h"
#include "app/live_window.h"
#include "app/run.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "pipeline/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct watching {
    const struct options  *options;
    struct live_shape_list shapes;
    struct live_window    *window;  /* NULL: --headless */
    FILE                  *records; /* or NULL */
    struct stream_server  *server;  /* or NULL */
    struct bsr_error       failure; /* of the records; told by interrupt_came */
    struct live           *live;
    double                 began_ms;
};

/* ---- what comes back ------------------------------------------------------------------------------------
 */

/* By the net's thread alone, as are the next two. */
static void write_record(void *context, const char *line, size_t length)
{
    struct watching *watching = context;

    if (watching->server)
        stream_server_event(watching->server, line, length);
    if (!watching->records || watching->failure.code != BSR_OK ||
        (fwrite(line, 1, length, watching->records) == length && fflush(watching->records) == 0))
        return;
    bsr_fail(&watching->failure, BSR_EIO,
             watching->records != stdout ? watching->options->json : "standard output",
             "the records can't be written: %s", strerror(errno));
    atomic_store(&interrupt_came, true);
}

static bool is_watched(void *context)
{
    const struct watching *watching = context;
    return stream_server_watched(watching->server);
}

static void show_frame(void *context, const struct bsr_image *image, double time)
{
    const struct watching *watching = context;
    stream_server_frame(watching->server, image, time);
}

static void say(void *context, const char *text)
{
    (void)context;
    terminal_say("%s", text);
}

static void wake(void *context)
{
    const struct watching *watching = context;
    live_window_wake(watching->window);
}

static void report_second(void *context)
{
    const struct watching *watching = context;
    live_report_progress(watching->live, watching->options, watching->began_ms);
}

static bsr_status open_records(struct watching *watching, struct bsr_error *err)
{
    const struct options *options = watching->options;

    if (!options->json)
        return BSR_OK;
    if (strcmp(options->json, "-") == 0) {
        watching->records = stdout;
        return BSR_OK;
    }
    int fd =
        open(options->json, O_WRONLY | O_CREAT | O_CLOEXEC | (options->overwrite ? O_TRUNC : O_EXCL), 0666);
    watching->records = fd < 0 ? NULL : fdopen(fd, "w");
    return watching->records ? BSR_OK : report_refuse_records(options, errno, err);
}

static bsr_status open_server(struct watching *watching, struct bsr_error *err)
{
    const char *address = watching->options->mjpeg;

    bsr_status status = address ? stream_server_open(&watching->server, address, err) : BSR_OK;
    if (status == BSR_OK && address)
        terminal_say("to be watched at %s", stream_server_url(watching->server));
    return status;
}

/* ---- before it begins
 * -------------------------------------------------------------------------------------- */

static const char *source_of(const struct options *options)
{
    return options->input_count ? options->inputs[0] : "0";
}

/* Room for the recording: what is there already goes only with --overwrite, and the source never. Those of
 * --record-on look for names that are free. */
static bsr_status clear_recording(const struct options *options, struct bsr_error *err)
{
    const char *output = options->output;

    if (!output || options->record_on.count)
        return BSR_OK;
    if (file_is_same(output, source_of(options)))
        return bsr_fail(err, BSR_EUSAGE, output, "would be written over by its own recording");
    struct stat st;
    if (stat(output, &st) != 0)
        return BSR_OK;
    if (!options->overwrite || !S_ISREG(st.st_mode))
        return report_refuse_existing(output, err);
    return unlink(output) == 0 ? BSR_OK
                               : bsr_fail(err, BSR_EIO, output, "can't be replaced: %s", strerror(errno));
}

/* What a window records to where no --output says it. */
static const char record_usual[] = "besra-live.mp4";

/* On the command line: a file says how it would be. */
static bool is_given(const struct options *options, enum option_id id)
{
    return options->origins[id] && options->origins[id][0] == '-';
}

/* What only makes sense together. */
static bsr_status check(const struct options *options, struct bsr_error *err)
{
    const bool  in_window = !options->headless; /* where one can be begun by hand */
    const char *needs = is_given(options, OPTION_RECORD_ON)      ? "--record-on"
                        : in_window                              ? NULL
                        : is_given(options, OPTION_RECORD_PLAIN) ? "--record-plain"
                        : is_given(options, OPTION_PRE)          ? "--pre"
                        : is_given(options, OPTION_POST)         ? "--post"
                                                                 : NULL;
    if (!options->output && needs) {
        bsr_fail(err, BSR_EUSAGE, needs, "there is no recording that it could be of");
        bsr_hint(err, "name one with --output FILE.mp4");
        return BSR_EUSAGE;
    }
    if (options->output && !file_has_ending(options->output, ".mp4") &&
        !file_has_ending(options->output, ".mkv"))
        return bsr_fail(err, BSR_EUSAGE, "--output", "'%s': a recording is an .mp4 or an .mkv",
                        options->output);
    return BSR_OK;
}

static struct live_options live_options_of(struct watching *watching)
{
    const struct options *options = watching->options;
    const bool            by_hand = watching->window && !options->output;
    struct live_options   live = {
          .source = source_of(options),
          .video = {.width = options->camera_size.width,
                    .height = options->camera_size.height,
                    .fps = options->fps,
                    .timeout_ms = (int)(options->timeout * 1000)},
          .realtime = options->realtime,
          .reconnect = !options->no_reconnect,
          .loop = options->loop,
          .duration = options->duration,
          .frames = options->frames,
          .model = options->model,
          .hints = run_hints(options),
          .detect = {.confidence = options->conf,
                     .iou = options->iou,
                     .max_detections = options->max_det,
                     .rect = options->letterbox == FIT_RECT,
                     .agnostic = options->agnostic,
                     .width = options->size.width,
                     .height = options->size.height,
                     .classes = options->classes.items,
                     .class_count = options->classes.count,
                     .layout = detecting_layout(options)},
          .rect_given = options->letterbox != FIT_CARD,
          .agnostic_given = options->origins[OPTION_AGNOSTIC] != NULL,
          .threads = options->threads,
          .track = options->track || watching->shapes.count > 0,
          .tracking = track_options_default(),
          .shapes = watching->shapes.items,
          .shape_count = watching->shapes.count,
          .record_path = by_hand ? record_usual : options->output,
          .record_plain = options->record_plain,
          .record_on = options->record_on.count && !by_hand ? options->record_on.items : NULL,
          .record_on_count = options->record_on.count,
          .pre = by_hand && !options->origins[OPTION_PRE] ? 0 : options->pre,
          .record_waits = by_hand,
          .post = options->post,
          .overlay = options->overlay,
          .on_record = watching->records || watching->server ? write_record : NULL,
          .on_frame = watching->server ? show_frame : NULL,
          .wants_frame = is_watched,
          .on_message = say,
          .wake = watching->window ? wake : NULL,
          .on_second = report_second,
          .context = watching,
    };
    live.tracking.any_class = options->any_class;
    if (options->fourcc)
        memcpy(live.video.fourcc, options->fourcc, strnlen(options->fourcc, sizeof live.video.fourcc - 1));
    return live;
}

/* ---- the command
 * ------------------------------------------------------------------------------------------------ */

/* A file that is not there is an input that failed, as everywhere; a camera is something needed. */
static bool is_missing_file(const char *source)
{
    bool file = !strstr(source, "://") && strncmp(source, "/dev/", 5) != 0 &&
                source[strspn(source, "0123456789")] != '\0';
    return file && access(source, F_OK) != 0;
}

static int watch(struct watching *watching)
{
    struct live_options how = live_options_of(watching);
    struct live        *live = NULL;
    struct bsr_error    err = {0}, ended = {0};

    watching->began_ms = clock_ms();
    if (live_open(&live, &how, &err) != BSR_OK) {
        terminal_error(&err);
        return (int)exit_code_of_model(err.code);
    }
    watching->live = live;
    bsr_status status = watching->window ? live_window_show(watching->window, live, watching->shapes.items,
                                                            watching->shapes.count, &err)
                                         : live_wait(live, &interrupt_came, &err);
    const bool endless = live_is_endless(live);
    terminal_clear_progress();
    live_report_end(live, watching->began_ms, status != BSR_OK);
    bsr_status closed = live_close(live, &ended);
    if (status == BSR_OK && watching->failure.code != BSR_OK) {
        status = watching->failure.code;
        err = watching->failure;
    } else if (status == BSR_OK && closed != BSR_OK) {
        status = closed;
        err = ended;
    }
    if (status != BSR_OK) {
        int code = run_fail(&err);
        return is_missing_file(how.source) ? EXIT_SOME_FAILED : code;
    }
    /* What has no end of its own has done its job when it is told to stop. */
    return interrupt_signal && !endless ? 128 + (int)interrupt_signal : EXIT_DONE;
}

int live_command(const struct options *options)
{
    struct watching  watching = {.options = options};
    struct bsr_error err;
    int              code = EXIT_DONE;

    bsr_status status = check(options, &err);
    if (status == BSR_OK)
        status = live_shape_list_read(&watching.shapes, options, &err);
    if (status == BSR_OK)
        status = clear_recording(options, &err);
    if (status == BSR_OK)
        status = open_records(&watching, &err);
    if (status == BSR_OK)
        status = open_server(&watching, &err);
    if (status == BSR_OK && !options->headless)
        status = live_window_open(&watching.window, options, &err);
    code = status == BSR_OK ? watch(&watching) : run_fail(&err);
    stream_server_close(watching.server);
    if (watching.records && watching.records != stdout && fclose(watching.records) != 0 &&
        code == EXIT_DONE) {
        bsr_fail(&err, BSR_EIO, options->json, "the records can't be written: %s", strerror(errno));
        code = run_fail(&err);
    }
    live_window_close(watching.window);
    live_shape_list_free(&watching.shapes);
    return code;
}
