#include "molt/byte_size.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

uint64_t molt_byte_size_read(const char *text)
{
    static const char units[] = "KMG";
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    int shift = unit ? (int)(unit - units + 1) * 10 : 0;
    bool good = errno == 0 && text[0] >= '0' && text[0] <= '9' && end[unit ? 1 : 0] == '\0' &&
                number <= UINT64_MAX >> shift;
    return good ? (uint64_t)number << shift : 0;
}
