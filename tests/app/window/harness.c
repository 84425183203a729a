#include "harness.h"

#include "base/file.h"
#include "media/picture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a display ---- */

enum { XVFB_WAIT_MS = 60 * 1000 };

static pid_t xvfb;

static void end_xvfb(void)
{
    if (xvfb <= 0)
        return;
    kill(xvfb, SIGTERM);
    waitpid(xvfb, NULL, 0);
}

static void run_xvfb(int says)
{
    char number[16];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    snprintf(number, sizeof number, "%d", says);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execlp("Xvfb", "Xvfb", "-displayfd", number, "-screen", "0", "1600x1200x24", "-dpi", "96", "-nolisten",
           "tcp", "-noreset", (char *)NULL);
    _exit(127);
}

/* The number of the display, which Xvfb says when it is ready, into `out`. */
static bool read_number(int from, char *out, size_t size)
{
    struct pollfd ready = {.fd = from, .events = POLLIN};
    size_t        length = 0;
    while (length + 1 < size && poll(&ready, 1, XVFB_WAIT_MS) == 1) {
        ssize_t count = read(from, out + length, size - 1 - length);
        if (count <= 0)
            return false;
        length += (size_t)count;
        if (out[length - 1] == '\n') {
            out[length - 1] = '\0';
            return true;
        }
    }
    return false;
}

static bool start_xvfb(void)
{
    int  ends[2];
    char number[16] = "", name[32];
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_xvfb(ends[1]);
    }
    close(ends[1]);
    bool ready = child > 0 && read_number(ends[0], number, sizeof number);
    close(ends[0]);
    if (!ready) {
        if (child > 0)
            waitpid(child, NULL, 0);
        return false;
    }
    xvfb = child;
    atexit(end_xvfb);
    snprintf(name, sizeof name, ":%s", number);
    setenv("DISPLAY", name, 1);
    return true;
}

bool harness_start(void)
{
    static enum { UNKNOWN, THERE, MISSING } state;
    const struct display_module *module;
    struct bsr_error             err;
    if (state != UNKNOWN)
        return state == THERE;
    state = MISSING;
    setenv("BESRA_MODULES", BESRA_BUILT_MODULES, 0);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    setenv("SDL_RENDER_DRIVER", "software", 0);
    setenv("SDL_FRAMEBUFFER_ACCELERATION", "0", 1); /* by the X server, without OpenGL */
    setenv("BESRA_UI_SCALE", "1", 1);
    if (display_module_find(&module, &err) != BSR_OK)
        fprintf(stderr, "SKIPPED: %s\n", err.message);
    else if (!start_xvfb())
        fprintf(stderr, "SKIPPED: Xvfb can't be started (package xvfb)\n");
    else
        state = THERE;
    return state == THERE;
}

const struct display_module *harness_module(void)
{
    const struct display_module *module = NULL;
    struct bsr_error             err = {0};
    if (display_module_find(&module, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return module;
}

/* LeakSanitizer's, where that is linked. D-Bus and X11's libraries keep some memory for good. */
__attribute__((weak)) void __lsan_disable(void); /* NOLINT(bugprone-reserved-identifier) */
__attribute__((weak)) void __lsan_enable(void);  /* NOLINT(bugprone-reserved-identifier) */

__attribute__((visibility("default"))) const char             *
__lsan_default_suppressions(void); /* NOLINT(bugprone-reserved-identifier) */
const char *__lsan_default_suppressions(void)  /* NOLINT(bugprone-reserved-identifier) */
{
    return "leak:libX11\n";
}

bsr_status harness_try_open(struct display **out, const struct display_options *options,
                            struct bsr_error *err)
{
    const struct display_module *module = harness_module();
    if (__lsan_disable)
        __lsan_disable();
    bsr_status status = module->open(out, options, err);
    if (__lsan_enable)
        __lsan_enable();
    return status;
}

struct display *harness_open(int width, int height)
{
    struct display              *display = NULL;
    struct bsr_error             err = {0};
    const struct display_options options = {.title = "besra's test", .width = width, .height = height};
    if (harness_try_open(&display, &options, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return display;
}

/* ---- goldens ---- */

/* Text is drawn by the FreeType of the system, whose versions differ in the last bits of smoothed edges;
 * shapes and pictures don't differ at all. So the mean may be a little off, and a pixel in five hundred much,
 * which a moved letter of a label exceeds in a picture of a few hundred pixels. */
static const double most_mean = 0.5;      /* of 255, over all channels */
static const int    far_off = 40;         /* of 255: a pixel whose furthest channel is more than this */
static const double most_far_off = 0.002; /* of all pixels */

struct difference {
    double mean, far_off;
};

static struct difference compare(const struct bsr_image *a, const struct bsr_image *b)
{
    uint64_t sum = 0, far = 0, pixels = (uint64_t)a->width * (uint64_t)a->height;
    for (int y = 0; y < a->height; y++) {
        const uint8_t *one = image_row(a, y), *other = image_row(b, y);
        for (int x = 0; x < a->width; x++, one += 3, other += 3) {
            int most = 0;
            for (int i = 0; i < 3; i++) {
                int differs = abs(one[i] - other[i]);
                sum += (uint64_t)differs;
                most = differs > most ? differs : most;
            }
            far += most > far_off;
        }
    }
    return (struct difference){(double)sum / (double)(pixels * 3), (double)far / (double)pixels};
}

/* Writes a shot without making the test depend on that. */
static void write_png(const char *path, const struct bsr_image *image)
{
    struct bytes         png = {0};
    const struct picture picture = {.image = *image, .format = PICTURE_PNG};
    struct bsr_error     err = {0};
    if (picture_encode(&png, &picture, PICTURE_PNG, 90, &err) != BSR_OK ||
        file_write(path, png.data, png.size, true, false, &err) != BSR_OK)
        fprintf(stderr, "%s: %s\n", path, err.message);
    bytes_free(&png);
}

/* What differs, four times as bright, on black. */
static void write_difference(const char *path, const struct bsr_image *a, const struct bsr_image *b)
{
    struct bsr_image out;
    if (image_alloc(&out, a->width, a->height, 3, 8, NULL) != BSR_OK)
        return;
    for (int y = 0; y < a->height; y++) {
        const uint8_t *one = image_row(a, y), *other = image_row(b, y);
        uint8_t       *row = image_row(&out, y);
        for (int x = 0; x < 3 * a->width; x++) {
            int differs = abs(one[x] - other[x]) * 4;
            row[x] = (uint8_t)(differs < 255 ? differs : 255);
        }
    }
    write_png(path, &out);
    image_free(&out);
}

static void read_golden(struct picture *out, const char *path)
{
    struct bytes     file = {0};
    struct bsr_error err = {0};
    if (file_read(&file, path, (size_t)64 << 20, &err) != BSR_OK ||
        picture_decode(out, file.data, file.size, PICTURE_FOR_NET_AS_STORED, NULL, path, &err) != BSR_OK)
        fail_msg("%s: %s (BESRA_UPDATE_GOLDENS=1 writes it)", path, err.message);
    bytes_free(&file);
}

void harness_compare(const struct bsr_image *shot, const char *name)
{
    char           golden_path[512], shot_path[512], difference_path[512];
    struct picture golden = {0};
    snprintf(golden_path, sizeof golden_path, "%s/tests/app/window/goldens/%s.png", BESRA_SOURCE_DIR, name);
    snprintf(shot_path, sizeof shot_path, "%s/%s.png", BESRA_SHOTS, name);
    snprintf(difference_path, sizeof difference_path, "%s/%s-difference.png", BESRA_SHOTS, name);
    const char *update = getenv("BESRA_UPDATE_GOLDENS");
    if (update && strcmp(update, "1") == 0) {
        write_png(golden_path, shot);
        return;
    }
    read_golden(&golden, golden_path);
    struct difference differs = {255, 1};
    bool              same_size = golden.image.width == shot->width && golden.image.height == shot->height;
    if (same_size)
        differs = compare(shot, &golden.image);
    bool alike = differs.mean <= most_mean && differs.far_off <= most_far_off;
    if (!alike) {
        file_make_folders(BESRA_SHOTS, NULL);
        write_png(shot_path, shot);
        if (same_size)
            write_difference(difference_path, shot, &golden.image);
    }
    picture_free(&golden);
    if (!alike)
        fail_msg("%s differs from its golden by %.3f of 255 in the mean and in %.3f %% of the pixels: see %s",
                 name, differs.mean, differs.far_off * 100, shot_path);
}

void harness_check(struct display *display, const char *name)
{
    struct bsr_image shot = {0};
    struct bsr_error err = {0};
    if (harness_module()->shot(display, &shot, &err) != BSR_OK)
        fail_msg("%s", err.message);
    harness_compare(&shot, name);
    image_free(&shot);
}

void harness_tour(struct display *display, const char *name)
{
    struct bsr_image image = {0};
    struct bytes     bytes = {0};
    struct bsr_error err;
    char             path[512];

    if (!getenv("BESRA_UPDATE_TOUR"))
        return;
    assert_int_equal(harness_module()->shot(display, &image, &err), BSR_OK);
    snprintf(path, sizeof path, "%s/docs/pictures/%s.jpg", BESRA_SOURCE_DIR, name);
    assert_int_equal(picture_encode(&bytes, &(struct picture){.image = image}, PICTURE_JPEG, 92, &err),
                     BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, &err), BSR_OK);
    bytes_free(&bytes);
    image_free(&image);
}
