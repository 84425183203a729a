/* Damaged, cut, lying and malicious pictures end as an error that names them: never a crash, never pixels
 * that are not there, never memory that the file can't be worth. Run under the sanitizers, this is the fuzz
 * target's little brother. */
#include "picture_files.h"

#include "base/alloc.h"
#include "media/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_rare(const struct picture_file *file)
{
    return strncmp(file->name, "rare-", 5) == 0;
}

/* How many times smaller pictures are decoded. */
static int times = 1;

/* The status of decoding; what succeeded is released, what failed must have said why, and about whom. */
static bsr_status try_decode(const uint8_t *data, size_t size, enum picture_purpose purpose,
                             const struct picture_limits *limits, struct bsr_error *err)
{
    struct picture picture;
    memset(&picture, 0x55, sizeof picture);
    struct picture before = picture;
    *err = (struct bsr_error){0};
    bsr_status status =
        picture_decode_reduced(&picture, data, size, times, purpose, limits, "a.picture", err);
    if (status == BSR_OK) {
        picture_free(&picture);
        return status;
    }
    assert_memory_equal(&picture, &before, sizeof picture);
    assert_int_equal(err->code, status);
    assert_string_equal(err->subject, "a.picture");
    assert_true(err->message[0]);
    return status;
}

/* A copy that ends where the allocation ends, so that the address sanitizer sees one byte too far. */
static uint8_t *copy_exactly(const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

static void test_a_truncated_picture_is_an_error_at_any_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < picture_file_count; i++) {
        const char  *name = picture_files[i].name;
        struct bytes file = read_picture_file(name);
        size_t       step = file.size < 400 ? 1 : file.size < 10000 ? 7 : 997;
        /* the last digits of numbers in text may be missing unseen */
        bool text = strncmp(name, "pnm-1", 5) == 0 || strncmp(name, "pnm-2", 5) == 0 ||
                    strncmp(name, "pnm-3", 5) == 0;
        /* nothing of the first frame is in the last byte of a GIF, nor in the second frame */
        bool gif = strncmp(name, "gif-", 4) == 0, animated = strcmp(name, "gif-animated.gif") == 0;
        for (size_t size = 0; size < file.size && !is_rare(&picture_files[i]); size += step) {
            struct bsr_error err;
            uint8_t         *cut = copy_exactly(file.data, size);
            times = 1 << size % 4;
            bsr_status status = try_decode(cut, size, PICTURE_FOR_NET, NULL, &err);
            times = 1;
            free(cut);
            bool whole = (text && file.size - size < 10) || (gif && file.size - size == 1) ||
                         (animated && size > file.size / 2);
            if (status == BSR_OK && !whole)
                fail_msg("%s: whole at %zu bytes of %zu", name, size, file.size);
            if (status != BSR_OK && status != BSR_EDECODE && size > 32)
                fail_msg("%s cut to %zu bytes: %s (%s)", name, size, bsr_status_name(status), err.message);
        }
        bytes_free(&file);
    }
}

static uint32_t random_state;

static uint32_t random_number(void)
{
    random_state ^= random_state << 13; /* xorshift32, Marsaglia 2003 */
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* A few bytes changed, a part moved over another, or a number set to an extreme. */
static void mutate(uint8_t *data, size_t size)
{
    static const uint8_t extremes[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF};
    for (unsigned changes = 1 + random_number() % 4; changes; changes--) {
        size_t at = random_number() % size, length = 1 + random_number() % 4;
        if (random_number() % 3 == 0)
            at %= 64; /* headers are worth more */
        switch (random_number() % 3) {
        case 0:
            data[at] ^= (uint8_t)(1u << random_number() % 8);
            break;
        case 1:
            for (size_t i = at; i < size && i < at + length; i++)
                data[i] = extremes[random_number() % sizeof extremes];
            break;
        default:
            memmove(data + at, data + random_number() % (size - (size - at > length ? length : size - at)),
                    size - at > length ? length : size - at);
        }
    }
}

static void test_mutated_pictures_decode_or_fail_cleanly(void **state)
{
    (void)state;
    enum { EACH = 40 };
    const struct picture_limits limits = {.max_pixels = 1 << 20};
    random_state = 20240229;
    for (size_t i = 0; i < picture_file_count; i++) {
        struct bytes file = read_picture_file(picture_files[i].name);
        for (int n = 0; n < EACH && !is_rare(&picture_files[i]) && file.size < 20000; n++) {
            struct bsr_error     err;
            struct picture_facts facts;
            uint8_t             *changed = copy_exactly(file.data, file.size);
            mutate(changed, file.size);
            times = 1 << n % 4;
            try_decode(changed, file.size, n % 2 ? PICTURE_FOR_NET : PICTURE_FOR_EDIT, &limits, &err);
            picture_probe(&facts, changed, file.size, &limits, "a", &err);
            free(changed);
        }
        bytes_free(&file);
    }
    times = 1;
}

static void test_every_failing_allocation_is_survived(void **state)
{
    (void)state;
    enum { MOST = 10000 };
    for (size_t i = 0; i < picture_file_count; i++) {
        struct bytes     file = read_picture_file(picture_files[i].name);
        struct bsr_error err;
        size_t           n = 1;
        for (; n < MOST && !is_rare(&picture_files[i]); n++) {
            mem_fail_from(n);
            bsr_status status = try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err);
            mem_fail_from(0);
            if (status == BSR_OK)
                break;
            if (status != BSR_ENOMEM)
                fail_msg("%s, allocation %zu: %s", picture_files[i].name, n, err.message);
        }
        assert_true(n < MOST);
        bytes_free(&file);
    }
}

static void put_be(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t crc(const uint8_t *data, size_t size)
{
    uint32_t sum = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
    }
    return ~sum;
}

/* A whole file of the format, with another size in its header. */
static struct bytes claim(const char *name, uint32_t width, uint32_t height)
{
    struct bytes file = read_picture_file(name);
    uint8_t     *data = file.data;
    if (strstr(name, ".png")) {
        put_be(data + 16, width);
        put_be(data + 20, height);
        put_be(data + 29, crc(data + 12, 17));
    } else if (strstr(name, ".bmp")) {
        for (int i = 0; i < 4; i++) {
            data[18 + i] = (uint8_t)(width >> 8 * i);
            data[22 + i] = (uint8_t)(height >> 8 * i);
        }
    } else if (strstr(name, ".ppm")) {
        bytes_clear(&file);
        bytes_append_format(&file, "P6 %u %u 255\nabc", width, height);
    } else if (strstr(name, ".jpg")) {
        uint8_t *sof = NULL;
        for (size_t i = 0; !sof && i + 9 < file.size; i++)
            if (data[i] == 0xFF && (data[i + 1] == 0xC0 || data[i + 1] == 0xC2))
                sof = data + i;
        assert_non_null(sof);
        sof[5] = (uint8_t)(height >> 8);
        sof[6] = (uint8_t)height;
        sof[7] = (uint8_t)(width >> 8);
        sof[8] = (uint8_t)width;
    } else { /* a little-endian TIFF whose first two entries are the sizes */
        size_t at = data[4] | (size_t)data[5] << 8;
        for (int i = 0; i < 4; i++) {
            data[at + 2 + 8 + (size_t)i] = (uint8_t)(width >> 8 * i);
            data[at + 14 + 8 + (size_t)i] = (uint8_t)(height >> 8 * i);
        }
    }
    return file;
}

static const char *const claiming[] = {"png-3-8.png",       "bmp-24.bmp",           "pnm-6-255.ppm",
                                       "jpeg-baseline.jpg", "jpeg-progressive.jpg", "tiff-adobe_deflate.tif",
                                       "tiff-lzw.tif",      "tiff-4-unsaid.tif"};

static void test_sixty_thousand_squared_is_over_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof claiming / sizeof *claiming; i++) {
        struct bytes         file = claim(claiming[i], 60000, 60000);
        struct bsr_error     err;
        struct picture_facts facts;
        mem_fail_from(0);
        bsr_status status = try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err);
        if (status != BSR_ELIMIT || !strstr(err.message, "60000 x 60000"))
            fail_msg("%s: %s: %s", claiming[i], bsr_status_name(status), err.message);
        assert_int_equal(picture_probe(&facts, file.data, file.size, NULL, "a", &err), BSR_ELIMIT);
        bytes_free(&file);
    }
}

static void test_sides_over_65535_are_over_the_limit(void **state)
{
    (void)state;
    static const char *const names[] = {"png-3-8.png", "bmp-24.bmp", "pnm-6-255.ppm", "tiff-4-unsaid.tif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes     file = claim(names[i], 70000, 2);
        struct bsr_error err;
        bsr_status       status = try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err);
        if (status != BSR_ELIMIT)
            fail_msg("%s: %s: %s", names[i], bsr_status_name(status), err.message);
        bytes_free(&file);
    }
}

/* 20,000 x 20,000 is within the limit, but not within some hundred bytes. The proof that nothing large was
 * asked for: allocations of besra's own all fail from the first on, and the message is still about the claim.
 */
static void test_a_stub_that_claims_much_costs_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof claiming / sizeof *claiming; i++) {
        struct bytes     file = claim(claiming[i], 20000, 20000);
        struct bsr_error err;
        mem_fail_from(strstr(claiming[i], ".png") ? 0 : 1); /* libpng's own are among them */
        bsr_status status = try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err);
        mem_fail_from(0);
        if (status != BSR_EDECODE)
            fail_msg("%s: %s: %s", claiming[i], bsr_status_name(status), err.message);
        bytes_free(&file);
    }
}

static void test_empty_sizes_are_damage(void **state)
{
    (void)state;
    static const char *const names[] = {"png-3-8.png", "bmp-24.bmp", "pnm-6-255.ppm", "tiff-lzw.tif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes     file = claim(names[i], 0, 5);
        struct bsr_error err;
        assert_int_equal(try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err), BSR_EDECODE);
        bytes_free(&file);
    }
}

/* Thousands of scans, each of a few bytes: the picture's blocks are walked through once for each. */
static void test_a_jpeg_of_endless_scans_is_refused(void **state)
{
    (void)state;
    struct bytes file = read_picture_file("jpeg-progressive.jpg"), bomb = {0};
    size_t       sos = 0;
    for (size_t i = 2; !sos && i + 1 < file.size; i++)
        if (file.data[i] == 0xFF && file.data[i + 1] == 0xDA)
            sos = i;
    assert_true(sos > 0);
    size_t next = sos + 2;
    while (!(file.data[next] == 0xFF && file.data[next + 1] != 0 && file.data[next + 1] != 0xDA))
        next++;
    bytes_append(&bomb, file.data, sos);
    for (int i = 0; i < 5000; i++)
        bytes_append(&bomb, file.data + sos, next - sos);
    bytes_append(&bomb, file.data + next, file.size - next);

    struct bsr_error err;
    assert_int_equal(try_decode(bomb.data, bomb.size, PICTURE_FOR_NET, NULL, &err), BSR_ELIMIT);
    assert_non_null(strstr(err.message, "scans"));
    bytes_free(&bomb);
    bytes_free(&file);
}

/* Each clear code empties a table of 4,096 entries; four pixels would follow after a megabyte of them. */
static void test_a_gif_of_endless_clear_codes_is_refused(void **state)
{
    (void)state;
    static const uint8_t head[] = {'G', 'I', 'F', '8', '9', 'a', 2, 0, 2, 0, 0x80, 0, 0, 0, 0,
                                   0,   1,   1,   1,   ',', 0,   0, 0, 0, 2, 0,    2, 0, 0, 2};
    uint8_t              block[256] = {255};
    for (size_t i = 0; i < 255; i++) /* 100 100 100 ..., lowest bit first */
        block[1 + i] = (const uint8_t[]){0x24, 0x49, 0x92}[i % 3];
    struct bytes     flood = {0};
    struct bsr_error err;
    bytes_append(&flood, head, sizeof head);
    for (int i = 0; i < 4096; i++)
        bytes_append(&flood, block, sizeof block);
    assert_false(flood.failed);
    assert_int_equal(try_decode(flood.data, flood.size, PICTURE_FOR_NET, NULL, &err), BSR_EDECODE);
    assert_non_null(strstr(err.message, "more codes than its pixels can need"));
    bytes_free(&flood);
}

static void test_truncation_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t      size;
        const char *message;
    } cases[] = {
        {"jpeg-baseline.jpg", 700, "truncated JPEG: it ends at byte 700"},
        {"png-3-8.png", 200, "truncated PNG: it ends at byte 200"},
        {"webp-lossless.webp", 300, "truncated WebP: it ends at byte 300 of "},
        {"bmp-24.bmp", 500, "truncated BMP: it ends at byte 500 of 834"},
        {"pnm-6-255.ppm", 300, "truncated PNM: it ends at byte 300 of 757"},
        {"tiff-lzw.tif", 100, "truncated TIFF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes     file = read_picture_file(cases[i].name);
        struct bsr_error err;
        assert_int_equal(try_decode(file.data, cases[i].size, PICTURE_FOR_NET, NULL, &err), BSR_EDECODE);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].name, err.message);
        bytes_free(&file);
    }
}

static void test_what_is_no_picture_is_told_what_it_looks_like(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t      size;
        const char *message;
    } cases[] = {
        {"%PDF-1.7\n", 9, "it looks like a PDF document"},
        {"PK\3\4\0\0", 6, "it looks like a ZIP archive"},
        {"\0\0\0\x18"
         "ftypheic",
         12, "it looks like an HEIC picture"},
        {"\0\0\0\x18"
         "ftypisom",
         12, "it looks like a video"},
        {"hello, world", 12, "of a format that besra doesn't know"},
        {"BM, a text that begins so", 25, "of a format that besra doesn't know"},
        {"", 0, "it is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error err;
        uint8_t         *copy = copy_exactly(cases[i].bytes, cases[i].size);
        assert_int_equal(try_decode(copy, cases[i].size, PICTURE_FOR_NET, NULL, &err), BSR_EFORMAT);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s", err.message);
        assert_true(err.hint[0]);
        free(copy);
    }
    struct bsr_error err;
    assert_int_equal(try_decode(NULL, 0, PICTURE_FOR_NET, NULL, &err), BSR_EFORMAT);
}

/* Both standard outputs go to a pipe while damaged files of all formats are decoded: nothing may come out. */
static void test_libraries_say_nothing_to_the_terminal(void **state)
{
    (void)state;
    int ends[2];
    fflush(stdout);
    fflush(stderr);
    int out = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    for (size_t i = 0; i < picture_file_count; i++) {
        struct bytes     file = read_picture_file(picture_files[i].name);
        struct bsr_error err;
        file.data[file.size / 2] ^= 0x10;
        try_decode(file.data, file.size, PICTURE_FOR_NET, NULL, &err);
        try_decode(file.data, file.size * 2 / 3, PICTURE_FOR_EDIT, NULL, &err);
        bytes_free(&file);
    }
    fflush(stdout);
    fflush(stderr);
    dup2(out, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    close(out);
    close(errors);
    close(ends[1]);
    char    said[256];
    ssize_t size = read(ends[0], said, sizeof said - 1);
    close(ends[0]);
    if (size > 0)
        fail_msg("said: %.*s", (int)size, said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_truncated_picture_is_an_error_at_any_length),
        cmocka_unit_test(test_mutated_pictures_decode_or_fail_cleanly),
        cmocka_unit_test(test_every_failing_allocation_is_survived),
        cmocka_unit_test(test_sixty_thousand_squared_is_over_the_limit),
        cmocka_unit_test(test_sides_over_65535_are_over_the_limit),
        cmocka_unit_test(test_a_stub_that_claims_much_costs_no_memory),
        cmocka_unit_test(test_empty_sizes_are_damage),
        cmocka_unit_test(test_a_jpeg_of_endless_scans_is_refused),
        cmocka_unit_test(test_a_gif_of_endless_clear_codes_is_refused),
        cmocka_unit_test(test_truncation_is_said_with_its_place),
        cmocka_unit_test(test_what_is_no_picture_is_told_what_it_looks_like),
        cmocka_unit_test(test_libraries_say_nothing_to_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
