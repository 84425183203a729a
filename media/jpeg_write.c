/* JPEG out, by libjpeg-turbo. Huffman tables are the standard ones: optimised ones make a file some percent
 * smaller and its writing a third slower, and need the whole picture's coefficients in memory. */
#include "media/jpeg.h"

#include "base/alloc.h"
#include "media/convert.h"

#include <jerror.h>
#include <setjmp.h>

/* From here on colour is kept at full resolution (4:4:4): who asks for such quality sees red edges fray. */
enum { FULL_COLOUR_QUALITY = 90 };

/* An APP1 marker's data, without its length and "Exif\0\0". */
enum { MAX_EXIF = 65533 - 6 };

struct jpeg_writer {
    struct jpeg_compress_struct info; /* its client_data is the writer */
    struct jpeg_error_mgr       errors;
    struct jpeg_destination_mgr output;
    jmp_buf                     escape;
    bsr_status                  status;
    const struct picture       *picture;
    int                         quality;
    struct bytes               *out;
    uint8_t                    *row; /* 8-bit, opaque */
    struct bsr_error           *err;
};

static _Noreturn void leave(struct jpeg_writer *writer, bsr_status status)
{
    writer->status = status;
    longjmp(writer->escape, 1);
}

static _Noreturn void on_error(struct jpeg_common_struct *info)
{
    struct jpeg_writer *writer = info->client_data;
    char                why[JMSG_LENGTH_MAX];
    jpeg_message(info, why, sizeof why);
    if (info->err->msg_code == JERR_OUT_OF_MEMORY)
        leave(writer, bsr_fail(writer->err, BSR_ENOMEM, NULL, "out of memory"));
    bsr_status status = info->err->msg_code == JERR_IMAGE_TOO_BIG ? BSR_ELIMIT : BSR_EFORMAT;
    leave(writer, bsr_fail(writer->err, status, NULL, "can't be a JPEG of %d x %d pixels: %s",
                           writer->picture->image.width, writer->picture->image.height, why));
}

static void on_message(struct jpeg_common_struct *info, int level)
{
    (void)info;
    (void)level;
}

static void on_output(struct jpeg_common_struct *info)
{
    (void)info;
}

/* ---- the bytes: straight into the memory of `out` --------------------------------------------- */

static void give_room(struct jpeg_writer *writer)
{
    enum { ROOM = 1 << 16 };
    if (!bytes_reserve(writer->out, ROOM))
        leave(writer, bsr_fail_memory(writer->err, NULL, ROOM));
    writer->output.next_output_byte = writer->out->data + writer->out->size;
    writer->output.free_in_buffer = writer->out->capacity - writer->out->size - 1;
}

static void start_output(struct jpeg_compress_struct *info)
{
    give_room(info->client_data);
}

static boolean flush_output(struct jpeg_compress_struct *info)
{
    struct jpeg_writer *writer = info->client_data;
    writer->out->size = writer->out->capacity - 1; /* all the room was used: that is when this is called */
    give_room(writer);
    return TRUE;
}

static void end_output(struct jpeg_compress_struct *info)
{
    struct jpeg_writer *writer = info->client_data;
    writer->out->size = writer->out->capacity - 1 - info->dest->free_in_buffer;
    writer->out->data[writer->out->size] = '\0';
}

/* ---- the picture ---------------------------------------------------------------------------- */

static void set_parameters(struct jpeg_writer *writer)
{
    struct jpeg_compress_struct *info = &writer->info;
    bool                         grey = writer->picture->image.channels <= 2;
    info->image_width = (JDIMENSION)writer->picture->image.width;
    info->image_height = (JDIMENSION)writer->picture->image.height;
    info->input_components = grey ? 1 : 3;
    info->in_color_space = grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, writer->quality, TRUE);
    info->dct_method = JDCT_ISLOW;
    if (writer->quality >= FULL_COLOUR_QUALITY)
        info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
}

static void write_blocks(struct jpeg_writer *writer)
{
    const struct picture *picture = writer->picture;
    if (picture->exif.size && picture->exif.size <= MAX_EXIF) {
        static const uint8_t prefix[6] = "Exif\0";
        jpeg_write_m_header(&writer->info, JPEG_APP0 + 1, (unsigned)(picture->exif.size + sizeof prefix));
        for (size_t i = 0; i < sizeof prefix; i++)
            jpeg_write_m_byte(&writer->info, prefix[i]);
        for (size_t i = 0; i < picture->exif.size; i++)
            jpeg_write_m_byte(&writer->info, picture->exif.data[i]);
    }
    if (picture->icc.size && picture->icc.size <= 255 * (size_t)65519) /* what 255 markers hold */
        jpeg_write_icc_profile(&writer->info, picture->icc.data, (unsigned)picture->icc.size);
}

static void write_picture(struct jpeg_writer *writer)
{
    struct jpeg_compress_struct *info = &writer->info;
    jpeg_create_compress(info);
    info->client_data = writer;
    info->dest = &writer->output;
    set_parameters(writer);
    jpeg_start_compress(info, TRUE);
    write_blocks(writer);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = writer->row;
        convert_row_opaque_8(row, &writer->picture->image, (int)info->next_scanline);
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

static bsr_status run(struct jpeg_writer *writer)
{
    if (setjmp(writer->escape) == 0) {
        writer->info.err = jpeg_std_error(&writer->errors);
        writer->errors.error_exit = on_error;
        writer->errors.emit_message = on_message;
        writer->errors.output_message = on_output;
        writer->info.client_data = writer;
        writer->output.init_destination = start_output;
        writer->output.empty_output_buffer = flush_output;
        writer->output.term_destination = end_output;
        write_picture(writer);
        writer->status = BSR_OK;
    }
    jpeg_destroy_compress(&writer->info);
    return writer->status;
}

bsr_status jpeg_encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err)
{
    struct jpeg_writer writer = {.picture = picture, .quality = quality, .out = out, .err = err};
    size_t             row = (size_t)picture->image.width * 3;
    writer.row = mem_alloc(row);
    if (!writer.row)
        return bsr_fail_memory(err, NULL, row);
    bsr_status status = run(&writer);
    mem_free(writer.row);
    return status;
}
