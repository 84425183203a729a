#include "base/shell.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || (letter && strchr("_-./:@%+,=", letter));
}

void shell_append_word(struct bytes *out, const char *word)
{
    bool plain = *word != '\0';

    for (const char *at = word; plain && *at; at++)
        plain = is_plain(*at);
    bytes_append_text(out, " ");
    if (plain) {
        bytes_append_text(out, word);
        return;
    }
    bytes_append_text(out, "'");
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            bytes_append_text(out, "'\\''");
        else
            bytes_append(out, at, 1);
    bytes_append_text(out, "'");
}
