#include "config/card.h"

#include "base/alloc.h"
#include "base/file.h"
#include "config/card_keys.h"
#include "config/card_names.h"
#include "config/settings.h"

#include <string.h>

static struct card default_card(void)
{
    return (struct card){
        .scale = {1, 1, 1},
        .pad = 114,
        .confidence = 0.25,
        .iou = 0.45,
        .max_detections = 300,
    };
}

/* The file's name without `suffix`, which it must end in. */
static char *name_without(const char *path, const char *suffix)
{
    char  *name = mem_copy_text(file_name(path));
    size_t length = name ? strlen(name) : 0, cut = strlen(suffix);
    if (name && length > cut && strcmp(name + length - cut, suffix) == 0)
        name[length - cut] = '\0';
    return name;
}

static bsr_status start_card(struct card *card, const char *path, const char *suffix, struct bsr_error *err)
{
    *card = default_card();
    card->name = name_without(path, suffix);
    return card->name ? BSR_OK : bsr_fail_memory(err, path, strlen(path));
}

static bsr_status read_settings(struct card *card, const char *path, struct bsr_error *err)
{
    config_t   config;
    bsr_status status = settings_read(&config, path, err);
    if (status != BSR_OK)
        return status;
    status = card_keys_read(card, path, config_root_setting(&config), err);
    config_destroy(&config);
    if (status == BSR_OK && !card->file) {
        bsr_fail(err, BSR_EUSAGE, path, "names no model");
        bsr_hint(err, "a card needs at least: file = \"%s.onnx\";", card->name);
        return BSR_EUSAGE;
    }
    return status;
}

bsr_status card_read(struct card *out, const char *path, struct bsr_error *err)
{
    struct card card;
    bsr_status  status = start_card(&card, path, ".cfg", err);
    if (status == BSR_OK && !(card.path = mem_copy_text(path)))
        status = bsr_fail_memory(err, path, strlen(path));
    if (status == BSR_OK)
        status = read_settings(&card, path, err);
    if (status == BSR_OK)
        *out = card;
    else
        card_free(&card);
    return status;
}

bsr_status card_for_file(struct card *out, const char *onnx_path, struct bsr_error *err)
{
    struct card card;
    bsr_status  status = start_card(&card, onnx_path, ".onnx", err);
    if (status == BSR_OK && !(card.file = mem_copy_text(onnx_path)))
        status = bsr_fail_memory(err, onnx_path, strlen(onnx_path));
    card.as_stored = true;
    if (status == BSR_OK)
        *out = card;
    else
        card_free(&card);
    return status;
}

void card_free(struct card *card)
{
    mem_free(card->path);
    mem_free(card->name);
    mem_free(card->file);
    mem_free(card->sha256);
    mem_free(card->licence);
    mem_free(card->scores);
    card_names_free(card->names, card->name_count);
    *card = (struct card){0};
}
