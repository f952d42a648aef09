#include "molt/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *molt_status_id(MoltStatus status)
{
    static const char *const ids[] = {
#define X(name, id, text) [MOLT_##name] = id,
        MOLT_STATUS_LIST(X)
#undef X
    };
    unsigned index = (unsigned)status;
    return index < MOLT_STATUS_COUNT ? ids[index] : "unknown";
}

/* Length of `text` without a UTF-8 character that a cut at `length` bytes left incomplete. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t lead = length;
    while (lead > 0 && length - lead < 4) {
        unsigned char byte = (unsigned char)text[--lead];
        if (byte < 0x80)
            return length;
        if (byte >= 0xc0) {
            size_t need = byte >= 0xf0 ? 4u : byte >= 0xe0 ? 3u : 2u;
            return length - lead >= need ? length : lead;
        }
    }
    return length;
}

/* Formats beside the error first: callers prefix an error with its own text. */
MoltStatus molt_error(MoltError *error, MoltStatus status, const char *format, ...)
{
    if (!error)
        return status;
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    if (written < 0)
        text[0] = '\0';
    else if ((size_t)written >= sizeof text)
        text[whole_characters(text, sizeof text - 1)] = '\0';
    error->status = status;
    memcpy(error->text, text, strlen(text) + 1);
    return status;
}

static void *resize_with_realloc(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const MoltAllocator *molt_allocator_default(void)
{
    static const MoltAllocator allocator = {resize_with_realloc, NULL};
    return &allocator;
}
