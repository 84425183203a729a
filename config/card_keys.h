/* config/card_keys.h: the keys of a model card. For this room only. */
#pragma once

#include "config/card.h"

#include <libconfig.h>

/* Fills *card, which holds the defaults, from the card's settings; what it allocated is the card's also when
 * it fails. BSR_EUSAGE with "path:line", the key and what it must be; errors of the file of names. */
bsr_status card_keys_read(struct card *card, const char *path, const config_setting_t *root,
                          struct bsr_error *err);
