#include "config/card_names.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/utf8.h"
#include "config/settings.h"

#include <string.h>

/* What is wrong with a name, or NULL. */
static const char *name_fault(const char *name, size_t length)
{
    if (length == 0)
        return "an empty class name";
    if (length > NAMES_MAX_LENGTH)
        return "a class name of more than 255 bytes";
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
            return "a control character in a class name";
    return utf8_is_valid(name, length) ? NULL : "a class name that is not UTF-8";
}

/* Appends a copy; false when out of memory. card->names has room for it. */
static bool add_name(struct card *card, const char *name, size_t length)
{
    char *copy = mem_alloc(length + 1);
    if (!copy)
        return false;
    memcpy(copy, name, length);
    copy[length] = '\0';
    card->names[card->name_count++] = copy;
    return true;
}

bsr_status card_names_from_list(struct card *card, const char *path, const config_setting_t *list,
                                struct bsr_error *err)
{
    int count = config_setting_length(list);
    if (count < 1 || count > NAMES_MAX_COUNT)
        return settings_fail(path, list, err, "names: 1 to %d names are needed, found %d", NAMES_MAX_COUNT,
                             count);
    card->names = mem_alloc_zeroed((size_t)count, sizeof *card->names);
    if (!card->names)
        return bsr_fail_memory(err, path, (size_t)count * sizeof *card->names);
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(list, (unsigned)i);
        const char             *name = config_setting_get_string(item);
        const char *fault = name ? name_fault(name, strlen(name)) : "a class name that is no text";
        if (fault)
            return settings_fail(path, item, err, "names: %s (number %d)", fault, i);
        if (!add_name(card, name, strlen(name)))
            return bsr_fail_memory(err, path, strlen(name) + 1);
    }
    return BSR_OK;
}

/* One line from *at on, without its end; moves *at to the next. */
static const char *take_line(const char **at, const char *end, size_t *length)
{
    const char *line = *at;
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    *length = (size_t)((newline ? newline : end) - line);
    *at = newline ? newline + 1 : end;
    if (*length && line[*length - 1] == '\r')
        --*length;
    return line;
}

static size_t count_lines(const struct bytes *text)
{
    size_t lines = text->size && text->data[text->size - 1] != '\n';
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static bsr_status split_names(struct card *card, const struct bytes *text, const char *path,
                              struct bsr_error *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* a byte order mark, as some editors leave it */
    size_t            count = count_lines(text);
    if (count < 1 || count > NAMES_MAX_COUNT)
        return bsr_fail(err, BSR_EUSAGE, path, "1 to %d class names are needed, one a line; found %zu",
                        NAMES_MAX_COUNT, count);
    card->names = mem_alloc_zeroed(count, sizeof *card->names);
    if (!card->names)
        return bsr_fail_memory(err, path, count * sizeof *card->names);

    const char *at = bytes_text(text), *end = at + text->size;
    if (text->size >= sizeof mark - 1 && memcmp(at, mark, sizeof mark - 1) == 0)
        at += sizeof mark - 1;
    while ((size_t)card->name_count < count) {
        size_t      length = 0;
        const char *line = take_line(&at, end, &length);
        const char *fault = name_fault(line, length);
        if (fault)
            return bsr_fail(err, BSR_EUSAGE, path, "line %d: %s", card->name_count + 1, fault);
        if (!add_name(card, line, length))
            return bsr_fail_memory(err, path, length + 1);
    }
    return BSR_OK;
}

bsr_status card_names_from_file(struct card *card, const char *path, struct bsr_error *err)
{
    struct bytes text = {0};
    bsr_status   status = file_read(&text, path, NAMES_MAX_BYTES, err);
    if (status == BSR_OK)
        status = split_names(card, &text, path, err);
    bytes_free(&text);
    return status;
}

void card_names_free(char **names, int count)
{
    for (int i = 0; names && i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

bsr_status card_set_names(struct card *card, char *const *names, int count, struct bsr_error *err)
{
    char **copies = count > 0 ? mem_alloc_zeroed((size_t)count, sizeof *copies) : NULL;
    bool   whole = copies || count <= 0;
    for (int i = 0; whole && i < count; i++)
        whole = (copies[i] = mem_copy_text(names[i])) != NULL;
    if (!whole) {
        card_names_free(copies, count);
        return bsr_fail_memory(err, card->path, (size_t)count * sizeof *copies);
    }
    card_names_free(card->names, card->name_count);
    card->names = copies;
    card->name_count = count > 0 ? count : 0;
    return BSR_OK;
}

/* Whether one of the parts between slashes is "..". */
static bool climbs(const char *path)
{
    while (*path) {
        size_t part = strcspn(path, "/");
        if (part == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += part + (path[part] == '/');
    }
    return false;
}

char *card_path_beside(const char *card_path, const char *file, const char **fault)
{
    if (file[0] == '/')
        return mem_copy_text(file);
    if (climbs(file)) {
        *fault = "must not leave the card's folder by \"..\"; write the full path";
        return NULL;
    }
    struct bytes path = {0};
    bytes_append(&path, card_path, (size_t)(file_name(card_path) - card_path));
    bytes_append_text(&path, file);
    char *copy = path.failed ? NULL : mem_copy_text(bytes_text(&path));
    bytes_free(&path);
    return copy;
}
