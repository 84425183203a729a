/* JPEG in, by libjpeg-turbo: the accurate integer inverse DCT and smooth ("fancy") upsampling, which are its
 * defaults and OpenCV's, so that pixels are the same to the bit. jpeg_write.c has the way out. */
#include "media/jpeg.h"

#include "media/exif.h"
#include "media/picture_codec.h"

#include <jerror.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* A hundred scans are ten times what encoders make; each costs a walk over all blocks of the picture, so a
 * small file of very many scans would keep a processor busy for hours (libjpeg-turbo, security advisory
 * LJT-01-004). */
enum { MAX_SCANS = 100 };

/* Huffman coding spends at least a bit on each block of 8 x 8 pixels: 512 pixels a byte. */
enum { MAX_PIXELS_A_BYTE = 512 };

struct jpeg_reader {
    struct jpeg_decompress_struct info; /* its client_data is the reader */
    struct jpeg_error_mgr         errors;
    struct jpeg_source_mgr        input;
    struct jpeg_progress_mgr      progress;
    jmp_buf                       escape; /* where the library's failures go; `status` says what it was */
    bsr_status                    status;
    bool                          decoding; /* rows are being read */
    const struct picture_source  *source;
    struct picture_facts         *facts;   /* what a probe fills, */
    struct decoded               *decoded; /* or a decoder */
    struct bsr_error             *err;
};

/* ---- failures ------------------------------------------------------------------------------- */

static _Noreturn void leave(struct jpeg_reader *reader, bsr_status status)
{
    reader->status = status;
    longjmp(reader->escape, 1);
}

static _Noreturn void fail_damaged(struct jpeg_reader *reader, const char *why)
{
    const struct picture_source *source = reader->source;
    leave(reader, bsr_fail(reader->err, BSR_EDECODE, source->name, "damaged JPEG: %s (at byte %zu of %zu)",
                           why, source->size - reader->input.bytes_in_buffer, source->size));
}

static _Noreturn void fail_truncated(struct jpeg_reader *reader)
{
    const struct picture_source *source = reader->source;
    if (reader->decoding)
        bsr_fail(reader->err, BSR_EDECODE, source->name,
                 "truncated JPEG: it ends at byte %zu, in row %u of %u", source->size,
                 reader->info.output_scanline * (unsigned)reader->decoded->times, reader->info.image_height);
    else
        bsr_fail(reader->err, BSR_EDECODE, source->name, "truncated JPEG: it ends at byte %zu", source->size);
    leave(reader, BSR_EDECODE);
}

void jpeg_message(struct jpeg_common_struct *info, char *text, size_t size)
{
    char message[JMSG_LENGTH_MAX];
    info->err->format_message(info, message);
    size_t length = strlen(message);
    if (length >= size)
        length = size - 1;
    memcpy(text, message, length);
    text[length] = '\0';
}

static _Noreturn void on_error(struct jpeg_common_struct *info)
{
    struct jpeg_reader *reader = info->client_data;
    char                why[JMSG_LENGTH_MAX];
    jpeg_message(info, why, sizeof why);
    switch (info->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        leave(reader, bsr_fail(reader->err, BSR_ENOMEM, reader->source->name, "out of memory"));
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        leave(reader, bsr_fail(reader->err, BSR_ELIMIT, reader->source->name, "%s", why));
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
#if JPEG_LIB_VERSION < 70 /* Ubuntu's has libjpeg 8's messages, without this one */
    case JERR_ARITH_NOTIMPL:
#endif
    case JERR_CONVERSION_NOTIMPL:
        leave(reader, bsr_fail(reader->err, BSR_EFORMAT, reader->source->name,
                               "a kind of JPEG that libjpeg-turbo doesn't read: %s", why));
    default:
        fail_damaged(reader, why);
    }
}

/* The library decodes on behind damage, with grey where data is missing: for besra that is a failure. These
 * are no damage, only disorder. */
static void on_message(struct jpeg_common_struct *info, int level)
{
    if (level >= 0)
        return; /* a trace message */
    switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:   /* bytes before a marker */
    case JWRN_ADOBE_XFORM:       /* an unknown transform, taken as YCC */
    case JWRN_JFIF_MAJOR:        /* a newer JFIF */
    case JWRN_BOGUS_ICC:         /* a broken profile is none */
    case JWRN_NOT_SEQUENTIAL:    /* needless parameters in a sequential scan */
    case JWRN_BOGUS_PROGRESSION: /* scans in an unusual order */
        return;
    default: {
        char why[JMSG_LENGTH_MAX];
        jpeg_message(info, why, sizeof why);
        fail_damaged(info->client_data, why);
    }
    }
}

static void on_output(struct jpeg_common_struct *info)
{
    (void)info; /* nothing is printed */
}

static void on_progress(struct jpeg_common_struct *info)
{
    struct jpeg_reader *reader = info->client_data;
    if (reader->info.input_scan_number > MAX_SCANS)
        leave(reader, bsr_fail(reader->err, BSR_ELIMIT, reader->source->name,
                               "a JPEG of more than %d scans, made to keep a decoder busy", MAX_SCANS));
}

/* ---- the bytes ------------------------------------------------------------------------------ */

static void start_input(struct jpeg_decompress_struct *info)
{
    (void)info;
}

static boolean refill_input(struct jpeg_decompress_struct *info)
{
    fail_truncated(info->client_data); /* all of it was there from the start */
}

static void skip_input(struct jpeg_decompress_struct *info, long count)
{
    if (count <= 0)
        return;
    if ((unsigned long)count > info->src->bytes_in_buffer)
        fail_truncated(info->client_data);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

static void set_callbacks(struct jpeg_reader *reader)
{
    reader->info.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    reader->info.client_data = reader;

    reader->input = (struct jpeg_source_mgr){.next_input_byte = reader->source->data,
                                             .bytes_in_buffer = reader->source->size,
                                             .init_source = start_input,
                                             .fill_input_buffer = refill_input,
                                             .skip_input_data = skip_input,
                                             .resync_to_restart = jpeg_resync_to_restart,
                                             .term_source = start_input};
    reader->progress.progress_monitor = on_progress;
}

/* ---- header --------------------------------------------------------------------------------- */

static const struct jpeg_marker_struct *find_exif(const struct jpeg_reader *reader)
{
    const struct jpeg_marker_struct *marker = reader->info.marker_list;
    while (marker && !(marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 &&
                       memcmp(marker->data, "Exif\0", 6) == 0))
        marker = marker->next;
    return marker;
}

static void read_header(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *info = &reader->info;
    jpeg_create_decompress(info);
    info->client_data = reader;
    info->src = &reader->input;
    info->progress = &reader->progress;
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(info, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(info, TRUE);

    uint64_t   pixels = (uint64_t)info->image_width * info->image_height;
    uint64_t   ratio = info->arith_code ? UINT64_MAX : MAX_PIXELS_A_BYTE;
    bsr_status status = picture_check_claim(reader->source, info->image_width, info->image_height, pixels,
                                            ratio, reader->err);
    if (status != BSR_OK)
        leave(reader, status);
}

static bool is_cmyk(const struct jpeg_reader *reader)
{
    return reader->info.jpeg_color_space == JCS_CMYK || reader->info.jpeg_color_space == JCS_YCCK;
}

static bool is_grey(const struct jpeg_reader *reader)
{
    return reader->info.num_components == 1;
}

/* The coefficients of a JPEG of several scans, which are all read before the first pixel is decoded. */
static uint64_t coefficient_bytes(struct jpeg_decompress_struct *info)
{
    uint64_t blocks = 0;
    for (int i = 0; jpeg_has_multiple_scans(info) && i < info->num_components; i++)
        blocks += (uint64_t)info->comp_info[i].width_in_blocks * info->comp_info[i].height_in_blocks;
    return blocks * sizeof(JBLOCK);
}

static void fill_facts(struct jpeg_reader *reader)
{
    struct picture_facts            *facts = reader->facts;
    const struct jpeg_marker_struct *exif = find_exif(reader);
    size_t                           size = exif ? exif->data_length : 0;
    const uint8_t                   *header = exif ? exif_header(exif->data, &size) : NULL;
    facts->width = (int)reader->info.image_width;
    facts->height = (int)reader->info.image_height;
    facts->channels = is_grey(reader) ? 1 : 3;
    facts->depth = 8;
    facts->orientation = exif_orientation(header, size);
    facts->held = coefficient_bytes(&reader->info);
}

static void probe_jpeg(struct jpeg_reader *reader)
{
    read_header(reader);
    fill_facts(reader);
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void copy_blocks(struct jpeg_reader *reader)
{
    const struct jpeg_marker_struct *exif = find_exif(reader);
    bsr_status                       status = BSR_OK;
    if (exif)
        status =
            decoded_set_exif(reader->decoded, reader->source, exif->data, exif->data_length, reader->err);

    JOCTET  *icc = NULL;
    unsigned size = 0;
    if (status == BSR_OK && jpeg_read_icc_profile(&reader->info, &icc, &size)) {
        status = decoded_set_icc(reader->decoded, reader->source, icc, size, reader->err);
        free(icc); /* the library's own, by malloc */
    }
    if (status != BSR_OK)
        leave(reader, status);
}

/* Adobe's programs store inks upside down, and say so by their marker. */
static void invert_row(uint8_t *row, int width)
{
    for (size_t i = 0; i < 4 * (size_t)width; i++)
        row[i] = (uint8_t)~row[i];
}

static void read_rows(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *info = &reader->info;
    const struct bsr_image        *image = &reader->decoded->image;
    reader->decoding = true;
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = image_row(image, (int)info->output_scanline);
        jpeg_read_scanlines(info, &row, 1);
        if (reader->decoded->cmyk && info->saw_Adobe_marker)
            invert_row(row, image->width);
    }
    jpeg_finish_decompress(info);
}

/* What a decoder can't make smaller (lossless JPEG) it decodes in full. */
static void note_reduction(struct jpeg_reader *reader)
{
    const struct jpeg_decompress_struct *info = &reader->info;
    int                                  times = reader->source->times;
    int                                  width = (int)info->image_width, height = (int)info->image_height;

    bool reduced = (int)info->output_width == image_reduced_side(width, 0, times) &&
                   (int)info->output_height == image_reduced_side(height, 0, times);
    reader->decoded->times = reduced ? times : 1;
    reader->decoded->width = width;
    reader->decoded->height = height;
}

static void decode_jpeg(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *info = &reader->info;
    read_header(reader);
    copy_blocks(reader);

    reader->decoded->cmyk = is_cmyk(reader);
    info->out_color_space = is_cmyk(reader) ? JCS_CMYK : is_grey(reader) ? JCS_GRAYSCALE : JCS_EXT_BGR;
    info->dct_method = JDCT_ISLOW;
    info->do_fancy_upsampling = TRUE;
    info->scale_num = 1;
    info->scale_denom = (unsigned)reader->source->times;
    jpeg_start_decompress(info);
    note_reduction(reader);

    bsr_status status = decoded_alloc(reader->decoded, reader->source, (int)info->output_width,
                                      (int)info->output_height, info->output_components, 8, reader->err);
    if (status != BSR_OK)
        leave(reader, status);
    read_rows(reader);
}

/* Runs a step with somewhere to land for the library's failures. The steps keep nothing of their own that
 * would have to be released: all of it hangs on the reader. */
static bsr_status run(struct jpeg_reader *reader, void (*step)(struct jpeg_reader *reader))
{
    if (setjmp(reader->escape) == 0) {
        set_callbacks(reader);
        step(reader);
        reader->status = BSR_OK;
    }
    jpeg_destroy_decompress(&reader->info);
    return reader->status;
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct jpeg_reader reader = {.source = source, .facts = facts, .err = err};
    return run(&reader, probe_jpeg);
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct jpeg_reader reader = {.source = source, .decoded = decoded, .err = err};
    return run(&reader, decode_jpeg);
}

const struct picture_codec jpeg_codec = {
    .title = "JPEG", .probe = probe, .decode = decode, .encode = jpeg_encode};
