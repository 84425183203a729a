#include "config/completion.h"

#include <string.h>

void options_write_completion(enum shell shell, struct bytes *out)
{
    switch (shell) {
    case SHELL_BASH:
        completion_write_bash(out);
        break;
    case SHELL_ZSH:
        completion_write_zsh(out);
        break;
    case SHELL_FISH:
        completion_write_fish(out);
        break;
    }
}

void completion_append_models(struct bytes *out)
{
    /* A few lines that bash and zsh read alike. */
    bytes_append_format(
        out,
        "_besra_models()\n"
        "{\n"
        "    local folders=\"$BESRA_MODELS:${XDG_DATA_HOME:-$HOME/.local/share}/besra/models:%s\"\n"
        "    local folder file\n"
        "    while [ -n \"$folders\" ]; do\n"
        "        folder=${folders%%%%:*}\n"
        "        [ \"$folder\" = \"$folders\" ] && folders= || folders=${folders#*:}\n"
        "        [ -d \"$folder\" ] || continue\n"
        "        for file in \"$folder\"/*.cfg; do\n"
        "            file=${file##*/} && file=${file%%.cfg}\n"
        "            [ \"$file\" = '*' ] || printf '%%s\\n' \"$file\"\n"
        "        done\n"
        "    done\n"
        "}\n",
        BESRA_DATA_FOLDER "/besra/models");
}

void completion_append_choices(const struct option_row *row, struct bytes *out)
{
    int length = 0;
    for (int n = 0; option_choice(row, n, &length); n++) {
        if (n)
            bytes_append_text(out, " ");
        bytes_append(out, option_choice(row, n, &length), (size_t)length);
    }
}

void completion_append_escaped(const char *text, const char *signs, struct bytes *out)
{
    for (; *text; text++) {
        const char *sign = signs;
        while (*sign && *sign != *text)
            sign++;
        if (*sign)
            bytes_append_text(out, "\\");
        bytes_append(out, text, 1);
    }
}

const char *completion_last_word(enum command command)
{
    const char *blank = strchr(command_infos[command].name, ' ');
    return blank ? blank + 1 : command_infos[command].name;
}
