/* Characters of UTF-8. It must never know what the text is for. */
#ifndef MOLT__UTF8_H
#define MOLT__UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character that starts at `text`, 0 when none does; at most `room` are read,
 * and `room` is not 0. */
static inline size_t molt__utf8_length(const unsigned char *text, size_t room)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2u
                    : lead >= 0xe0 && lead <= 0xef ? 3u
                    : lead >= 0xf0 && lead <= 0xf4 ? 4u
                                                   : 0u;
    if (length == 0 || length > room)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0u) != 0x80u)
            return 0;
    }
    /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

#endif
