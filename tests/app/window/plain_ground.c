#include "tests/app/window/plain_ground.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static float text_width(void *context, const char *text, float size)
{
    (void)context;
    return (float)strlen(text) * size / 2;
}

static void add_text(void *context, struct paint_list *list, float x, float baseline, const char *text,
                     float size, struct colour colour)
{
    struct plain_ground *ground = context;
    size_t               length = strlen(ground->said);
    (void)list;
    (void)x;
    (void)baseline;
    (void)size;
    (void)colour;
    snprintf(ground->said + length, sizeof ground->said - length, "%s\n", text);
}

static char *get_copied(void *context)
{
    const struct plain_ground *ground = context;
    return mem_copy_text(ground->copied);
}

static void set_copied(void *context, const char *text)
{
    struct plain_ground *ground = context;
    snprintf(ground->copied, sizeof ground->copied, "%s", text);
}

static void paint_picture(void *context, struct paint_list *list, const struct bsr_image *image,
                          unsigned long long id, struct rect from, struct rect to, bool smooth)
{
    struct plain_ground *ground = context;
    (void)smooth;
    assert_non_null(image);
    assert_true(id != 0);
    assert_true(from.x >= 0 && from.y >= 0 && from.x + from.width <= (float)image->width &&
                from.y + from.height <= (float)image->height);
    paint_image(list, 1, from, to, (struct colour){255, 255, 255, 255}, true);
    ground->pictures++;
}

static void change_picture(void *context, unsigned long long id)
{
    struct plain_ground *ground = context;
    ground->changes++;
    ground->changed = id;
}

void plain_ground_carry(struct plain_ground *ground, struct ui *ui, struct ui_pictures *pictures)
{
    *ground = (struct plain_ground){.pictures = 0};
    ui->type = (struct ui_type){ground, text_width, add_text};
    ui->clipboard = (struct ui_clipboard){ground, get_copied, set_copied};
    *pictures = (struct ui_pictures){ground, paint_picture, change_picture};
}

void plain_ground_clear(struct plain_ground *ground)
{
    ground->said[0] = '\0';
    ground->pictures = 0;
}
