/* besra model list: the cards and models that there are. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/file.h"
#include "pipeline/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN_SCORES = 3, SCORE_SIZE = 96 };

static const char *const tasks[] = {[CARD_TASK_UNKNOWN] = "",
                                    [CARD_DETECT] = "detect",
                                    [CARD_UPSCALE] = "upscale",
                                    [CARD_CLASSIFY] = "classify"};

/* The listing under way. */
struct listing {
    struct table table;
    json_t      *array; /* NULL: a table is made */
    struct bytes files; /* of the cards met so far, each ended by 0: not listed again for themselves */
    size_t       count;
    bool         failed; /* a card that can't be read was met */
};

static bool has_card(const struct listing *listing, const char *path)
{
    for (size_t at = 0; at < listing->files.size;) {
        const char *other = (const char *)listing->files.data + at;
        if (strcmp(other, path) == 0)
            return true;
        at += strlen(other) + 1;
    }
    return false;
}

/* ---- one of them
 * ---------------------------------------------------------------------------------------------- */

/* "scenes_mAP50=0.801" as name and value; the lines of card->scores. False behind the last. */
static bool next_score(const char **at, char name[SCORE_SIZE], double *value)
{
    const char *line = *at, *sign = line ? strchr(line, '=') : NULL;

    if (!sign)
        return false;
    snprintf(name, SCORE_SIZE, "%.*s", (int)(sign - line), line);
    *value = strtod(sign + 1, NULL);
    *at = strchr(sign, '\n');
    *at = *at ? *at + 1 : NULL;
    return true;
}

/* The first scores that are no counts. */
static void append_scores(struct bytes *out, const char *scores)
{
    char   name[SCORE_SIZE];
    double value;
    int    shown = 0, more = 0;

    for (const char *at = scores; next_score(&at, name, &value);) {
        if (value == (double)(long long)value)
            continue;
        if (shown < SHOWN_SCORES)
            bytes_append_format(out, "%s%s %.4g", shown ? ", " : "", name, value);
        shown++;
    }
    more = shown - SHOWN_SCORES;
    if (more > 0)
        bytes_append_format(out, " (and %d more)", more);
}

/* "416x416"; what the card leaves open is empty. */
static void append_input(struct bytes *out, const struct card *card)
{
    if (card->width && card->height)
        bytes_append_format(out, "%dx%d", card->width, card->height);
}

static uint64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static void add_row(struct table *table, const struct card *card)
{
    uint64_t     size = file_bytes(card->file);
    struct bytes input = {0}, scores = {0};

    append_input(&input, card);
    append_scores(&scores, card->scores);
    table_add(table, STYLE_BOLD, "%s", card->path ? card->name : file_name(card->file));
    table_add(table, STYLE_PLAIN, "%s", tasks[card->task]);
    table_add(table, STYLE_PLAIN, "%s", bytes_text(&input));
    table_add(table, size ? STYLE_PLAIN : STYLE_BAD, "%s", size ? number_bytes(size).text : "missing");
    table_add(table, STYLE_DIM, "%s", card->path ? card->path : card->file);
    table_add(table, STYLE_PLAIN, "%s", bytes_text(&scores));
    bytes_free(&input);
    bytes_free(&scores);
}

static json_t *card_object(const struct card *card)
{
    json_t *scores = json_object();
    char    name[SCORE_SIZE];
    double  value;

    for (const char *at = card->scores; next_score(&at, name, &value);)
        json_object_set_new(scores, name, json_number(value));
    json_t *size = card->width ? json_pack("[i, i]", card->width, card->height) : json_null();
    return json_pack("{s:o, s:o, s:o, s:s?, s:o, s:i, s:I, s:o, s:o}", "name", json_text(card->name), "card",
                     card->path ? json_text(card->path) : json_null(), "file", json_text(card->file), "task",
                     card->task ? tasks[card->task] : NULL, "input", size, "classes", card->name_count,
                     "bytes", (json_int_t)file_bytes(card->file), "licence",
                     card->licence ? json_text(card->licence) : json_null(), "scores", scores);
}

/* ---- all of them
 * ---------------------------------------------------------------------------------------------- */

static bsr_status list_card(void *context, const char *path, struct bsr_error *err)
{
    struct listing  *listing = context;
    struct card      card = {0};
    struct bsr_error why;
    size_t           length = strlen(path);
    bool             bare = length > 5 && strcmp(path + length - 5, ".onnx") == 0;

    if (bare && has_card(listing, path))
        return BSR_OK;
    bsr_status status = bare ? card_for_file(&card, path, &why) : card_read(&card, path, &why);
    if (status == BSR_ENOMEM)
        return bsr_fail(err, status, path, "%s", why.message);
    if (status != BSR_OK) { /* one broken card doesn't hide the others */
        terminal_error(&why);
        listing->failed = true;
        return BSR_OK;
    }
    listing->count++;
    bytes_append(&listing->files, card.file, strlen(card.file) + 1);
    if (listing->array)
        json_array_append_new(listing->array, card_object(&card));
    else
        add_row(&listing->table, &card);
    card_free(&card);
    return listing->files.failed ? bsr_fail_memory(err, path, length) : BSR_OK;
}

static int finish(struct listing *listing, const struct options *options)
{
    int code = options->json ? output_json(options, listing->array) : EXIT_DONE;

    if (options->json) {
        table_drop(&listing->table);
    } else {
        table_print(&listing->table, 0);
        code = output_finish();
        if (!listing->count)
            terminal_say("no models are there%s",
                         options->input_count ? "" : "; BESRA_MODELS can name their folder");
    }
    return code == EXIT_DONE && listing->failed ? EXIT_SOME_FAILED : code;
}

int model_list_command(const struct options *options)
{
    struct listing   listing = {.array = options->json ? json_array() : NULL};
    struct bsr_error err;

    table_start(&listing.table, "lllrlw", "model|task|input|size|where|scores");
    bsr_status status = options->input_count
                            ? card_visit_folder(options->inputs[0], list_card, &listing, &err)
                            : card_visit_all(list_card, &listing, &err);
    int        code = exit_code_of(status);
    if (status == BSR_OK) {
        code = finish(&listing, options);
    } else {
        terminal_error(&err);
        table_drop(&listing.table);
        json_decref(listing.array);
    }
    bytes_free(&listing.files);
    return code;
}
