#include "pipeline/job.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/engine.h"
#include "media/video.h"

#include <string.h>

#define MAX_FILE_BYTES ((size_t)2 << 30) /* of an encoded picture */

int job_workers(int threads, size_t count)
{
    return count < (size_t)threads ? (count ? (int)count : 1) : threads;
}

void job_share_threads(const struct job *job)
{
    engine_set_threads(job->workers == 1 ? job->threads : 1);
}

bsr_status job_worker_open(struct job_worker *worker, const struct job *job, struct bsr_error *err)
{
    bool alone = job->workers == 1 && job->threads > 1;
    return alone && !worker->pool ? pool_create(&worker->pool, job->threads, err) : BSR_OK;
}

void job_worker_close(struct job_worker *worker)
{
    typesetter_close(worker->typesetter);
    pool_destroy(worker->pool);
    bytes_free(&worker->path);
    bytes_free(&worker->text);
}

bsr_status job_worker_typesetter(struct job_worker *worker, struct bsr_error *err)
{
    return worker->typesetter ? BSR_OK : typesetter_open(&worker->typesetter, err);
}

bsr_status job_load(struct loaded *out, const struct job *job, struct batch *batch, int worker, size_t index,
                    enum picture_purpose purpose, job_cost *cost, const void *context, struct timing *timing,
                    struct bsr_error *err)
{
    const struct job_reading how = {.purpose = purpose, .cost = cost, .context = context};
    return job_load_reduced(out, job, batch, worker, index, &how, timing, err);
}

/* How many times smaller a picture of these facts is decoded: only JPEG can be. */
static int choose_reduction(const struct job_reading *how, const struct picture_facts *facts)
{
    if (!how->reduction || facts->format != PICTURE_JPEG)
        return 1;
    return how->reduction(picture_upright_width(facts), picture_upright_height(facts), how->context);
}

/* What all of it takes: the file, what the decoder holds, and the larger of the pictures made of it. */
static uint64_t cost_of(const struct job *job, const struct job_reading *how,
                        const struct picture_facts *facts, int times)
{
    struct picture_facts decoded = *facts;
    if (!how->whole) {
        decoded.width = image_reduced_side(facts->width, 0, times);
        decoded.height = image_reduced_side(facts->height, 0, times);
    }
    return how->cost(job, &decoded, how->context) + facts->held;
}

bsr_status job_load_reduced(struct loaded *out, const struct job *job, struct batch *batch, int worker,
                            size_t index, const struct job_reading *how, struct timing *timing,
                            struct bsr_error *err)
{
    const char          *path = job->sources->items[index].path;
    struct loaded        loaded = {0};
    struct picture_facts facts;
    int                  times = 1;
    double               start = clock_ms();
    bool                 is_frame;

    bsr_status status =
        job_load_frame(out, job, batch, worker, index, how->cost, how->context, timing, &is_frame, err);
    if (is_frame)
        return status;
    status = file_read(&loaded.file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status = picture_probe(&facts, loaded.file.data, loaded.file.size, &job->limits, path, err);
    if (status == BSR_EFORMAT && video_is_file(path))
        bsr_hint(err, "besra live --headless looks at all of its frames; one is '%s#t=SECONDS'", path);
    timing->decode += clock_ms() - start;
    if (status == BSR_OK) {
        times = choose_reduction(how, &facts);
        status = batch_reserve(batch, worker, cost_of(job, how, &facts, times) + loaded.file.size, err);
    }
    double reserved = clock_ms(); /* waiting for memory is not the picture's own time */
    if (status == BSR_OK)
        status = picture_decode_reduced(&loaded.picture, loaded.file.data, loaded.file.size, times,
                                        how->purpose, &job->limits, path, err);
    timing->decode += clock_ms() - reserved;
    if (status != BSR_OK) {
        loaded_free(&loaded);
        bsr_error_set_subject(err, path);
        return status;
    }
    if (!how->whole || loaded.picture.reduction.times == 1)
        bytes_free(&loaded.file);
    loaded.width = loaded.picture.reduction.width;
    loaded.height = loaded.picture.reduction.height;
    *out = loaded;
    return BSR_OK;
}

bsr_status job_load_whole(struct loaded *loaded, const struct job *job, size_t index,
                          enum picture_purpose purpose, struct timing *timing, struct bsr_error *err)
{
    const char *path = job->sources->items[index].path;
    double      start = clock_ms();

    if (loaded->picture.reduction.times == 1)
        return BSR_OK;
    picture_free(&loaded->picture);
    bsr_status status = picture_decode(&loaded->picture, loaded->file.data, loaded->file.size, purpose,
                                       &job->limits, path, err);
    bytes_free(&loaded->file);
    timing->decode += clock_ms() - start;
    return status;
}

void loaded_free(struct loaded *loaded)
{
    picture_free(&loaded->picture);
    bytes_free(&loaded->file);
    *loaded = (struct loaded){0};
}

bsr_status job_path(struct bytes *path, const struct job *job, const char *below, const char *name,
                    struct bsr_error *err)
{
    bytes_clear(path);
    bytes_append_text(path, job->folder);
    if (path->size && path->data[path->size - 1] != '/')
        bytes_append_text(path, "/");
    if (below)
        bytes_append_format(path, "%s/", below);
    bytes_append_text(path, name);
    return path->failed ? bsr_fail_memory(err, name, path->size) : BSR_OK;
}

bsr_status job_write(const struct job *job, const char *path, const void *data, size_t size,
                     struct bsr_error *err)
{
    const char *name = file_name(path);
    bsr_status  status = BSR_OK;
    if (name != path) {
        struct bytes folder = {0};
        if (bytes_append(&folder, path, (size_t)(name - path) - 1))
            status = file_make_folders(bytes_text(&folder), err);
        else
            status = bsr_fail_memory(err, path, folder.size);
        bytes_free(&folder);
    }
    if (status == BSR_OK)
        status = file_write(path, data, size, job->overwrite, false, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace it with --overwrite, or write elsewhere with --output");
    return status;
}

static enum picture_format format_of(const struct job *job, const char *path, enum picture_format original)
{
    const char         *dot = strrchr(file_name(path), '.');
    enum picture_format named = dot ? picture_format_from_name(dot + 1) : PICTURE_UNKNOWN;

    if (job->format != PICTURE_UNKNOWN)
        return job->format;
    if (picture_format_extension(named))
        return named;
    return picture_format_extension(original) ? original : PICTURE_JPEG;
}

bsr_status job_write_picture(const struct job *job, const char *path, const struct picture *picture,
                             struct bsr_error *err)
{
    struct bytes encoded = {0};
    bsr_status   status =
        picture_encode(&encoded, picture, format_of(job, path, picture->format), job->quality, err);
    if (status != BSR_OK)
        bsr_error_set_subject(err, path);
    else
        status = job_write(job, path, encoded.data, encoded.size, err);
    bytes_free(&encoded);
    return status;
}

struct record_head job_record_head(const struct job *job, size_t index, const char *task, int width,
                                   int height, const struct timing *timing)
{
    return (struct record_head){
        .source = job->sources->items[index].path,
        .model = job->model->card.name,
        .task = task,
        .width = width,
        .height = height,
        .timing = *timing,
    };
}

void job_record_failure(const struct job *job, size_t index, const char *task, const struct loaded *loaded,
                        struct item_result *result)
{
    if (!job->records || result->status == BSR_OK)
        return;
    struct record_head head =
        job_record_head(job, index, task, loaded->width, loaded->height, &result->timing);
    bytes_clear(&result->record);
    record_failure(&result->record, &head, &result->error, NULL);
}
