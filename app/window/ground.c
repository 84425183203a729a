#include "app/window/ground.h"

static float text_width(void *context, const char *text, float size)
{
    const struct ground *ground = context;
    return (float)text_measure(ground->text, text, size).width;
}

static void add_text(void *context, struct paint_list *list, float x, float baseline, const char *text,
                     float size, struct colour colour)
{
    const struct ground *ground = context;
    text_add(ground->text, list, x, baseline, text, size, colour);
}

static char *get_clipboard(void *context)
{
    const struct ground *ground = context;
    return ground->module->clipboard(ground->display);
}

static void set_clipboard(void *context, const char *text)
{
    const struct ground *ground = context;
    ground->module->set_clipboard(ground->display, text);
}

static void paint_picture(void *context, struct paint_list *list, const struct bsr_image *image,
                          unsigned long long id, struct rect from, struct rect to, bool smooth)
{
    const struct ground *ground = context;
    texture_cache_paint(ground->pictures, list, image, id, from, to, smooth);
}

static void change_picture(void *context, unsigned long long id)
{
    const struct ground *ground = context;
    texture_cache_change(ground->pictures, id);
}

bsr_status ground_open(struct ground *out, const struct display_module *module, struct display *display,
                       struct bsr_error *err)
{
    *out = (struct ground){.module = module, .display = display};
    bsr_status status = text_open(&out->text, module, display, TEXT_BUDGET, err);
    if (status == BSR_OK)
        status = texture_cache_open(&out->pictures, module, display, (size_t)TEXTURE_BUDGET_MB << 20, err);
    return status;
}

void ground_close(struct ground *ground)
{
    texture_cache_close(ground->pictures);
    text_close(ground->text);
    *ground = (struct ground){0};
}

void ground_carry(struct ground *ground, struct ui *ui, struct ui_pictures *pictures)
{
    ui->type = (struct ui_type){ground, text_width, add_text};
    ui->clipboard = (struct ui_clipboard){ground, get_clipboard, set_clipboard};
    *pictures = (struct ui_pictures){ground, paint_picture, change_picture};
}
