#include "tests/app/window/film.h"

#include "base/file.h"
#include "media/picture.h"
#include "media/video.h"

#include <setjmp.h> /* what cmocka.h needs */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { STEP = 6 };

static const double fps = 10;

static struct picture read_cards(void)
{
    struct bytes     bytes = {0};
    struct picture   picture = {.format = PICTURE_UNKNOWN};
    struct bsr_error err;

    assert_int_equal(file_read(&bytes, BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg", 64 << 20, &err), BSR_OK);
    assert_int_equal(
        picture_decode(&picture, bytes.data, bytes.size, PICTURE_FOR_NET_AS_STORED, NULL, "cards", &err),
        BSR_OK);
    bytes_free(&bytes);
    assert_true(picture.image.width >= FILM_WIDTH + FILM_FRAMES * STEP);
    assert_true(picture.image.height >= FILM_HEIGHT);
    return picture;
}

/* The upper left corner of the photograph, moving to the right. */
bool film_make(const char *path)
{
    const struct video_writer_options how = {.width = FILM_WIDTH, .height = FILM_HEIGHT, .quality = 95};
    struct picture                    cards = read_cards();
    struct video_writer              *writer = NULL;
    struct bsr_error                  err = {0};

    bsr_status status = video_writer_open(&writer, path, &how, &err);
    for (int i = 0; i < FILM_FRAMES && status == BSR_OK; i++) {
        struct bsr_image part = cards.image;
        part.data = (uint8_t *)part.data + (size_t)(i * STEP) * 3;
        part.width = FILM_WIDTH;
        part.height = FILM_HEIGHT;
        status = video_writer_add(writer, &part, i / fps, &err);
    }
    if (writer && status == BSR_OK)
        status = video_writer_close(writer, FILM_FRAMES / fps, &err);
    picture_free(&cards);
    if (status == BSR_EMISSING)
        print_message("SKIPPED: %s\n", err.message);
    else
        assert_int_equal(status, BSR_OK);
    return status == BSR_OK;
}
