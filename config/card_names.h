/* config/card_names.h: the class names of a card, and the files beside it. For this room only. */
#pragma once

#include "config/card.h"

#include <libconfig.h>

enum {
    NAMES_MAX_COUNT = 65535,
    NAMES_MAX_LENGTH = 255,    /* bytes of one name */
    NAMES_MAX_BYTES = 4 << 20, /* of a file of names */
};

/* Takes the names of an array or a list. BSR_EUSAGE with the line. */
bsr_status card_names_from_list(struct card *card, const char *path, const config_setting_t *list,
                                struct bsr_error *err);

/* Reads a file of names, one a line, as UTF-8. BSR_EUSAGE with the line; BSR_EMISSING, BSR_EIO, BSR_ELIMIT.
 */
bsr_status card_names_from_file(struct card *card, const char *path, struct bsr_error *err);

/* Releases `count` names and their array; takes NULL. */
void card_names_free(char **names, int count);

/* The full name of `file`, which is relative to the card at `card_path` or absolute; the caller's (mem_free).
 * NULL when out of memory, or, with the sentence in *fault, when it would leave the card's folder by "..":
 * a card and its files travel together; whoever means another place writes it in full. */
char *card_path_beside(const char *card_path, const char *file, const char **fault);
