#include "base/utf8.h"

bool utf8_is_valid(const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;

    while (at < end) {
        unsigned lead = *at++;
        int      more = lead < 0x80   ? 0
                        : lead < 0xC2 ? -1
                        : lead < 0xE0 ? 1
                        : lead < 0xF0 ? 2
                        : lead < 0xF5 ? 3
                                      : -1;
        if (more < 0 || end - at < more)
            return false;
        /* The second byte's range keeps out long forms, surrogates and what is beyond Unicode. */
        unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        for (int i = 0; i < more; i++, at++) {
            if (*at < (i ? 0x80 : low) || *at > (i ? 0xBF : high))
                return false;
        }
    }
    return true;
}
