#include "pipeline/json_text.h"

#include "base/bytes.h"

/* Length of the UTF-8 character at `text`, 0 when there is none (RFC 3629: no surrogates, nothing overlong).
 */
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool outside = (text[0] == 0xED && text[1] >= 0xA0) || (text[0] == 0xF4 && text[1] >= 0x90);
    return overlong || outside ? 0 : length;
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    struct bytes clean = {0};
    while (*text) {
        size_t length = utf8_length((const unsigned char *)text);
        bytes_append(&clean, length ? text : "\xEF\xBF\xBD", length ? length : 3);
        text += length ? length : 1;
    }
    string = clean.failed ? NULL : json_string(bytes_text(&clean));
    bytes_free(&clean);
    return string;
}
