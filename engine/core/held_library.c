#include "held_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/stale_pointer.h>

/* Nothing of the state leads into it. */
static bool is_left(const MoltLibrary *library, const MoltHeap *heap, char *text, size_t size)
{
    MoltStalePointers found;
    MoltError error = {0};
    if (molt_heap_find_stale(heap, library->begin, library->end, &found, &error) != MOLT_OK) {
        snprintf(text, size, "%s stays loaded: %s", library->copy, error.text);
        return false;
    }
    if (found.count > 0) {
        snprintf(
            text, size,
            "%s stays loaded: %s leads into it, and %llu other pointer%s. Molt does not follow "
            "such a pointer: set it anew in end_reload(), take MOLT_EXTERNAL off the field, or "
            "tell "
            "with MOLT_TAG which member of its union is meant.",
            library->copy, found.path, (unsigned long long)(found.count - 1),
            found.count == 2 ? "" : "s");
        return false;
    }
    return true;
}

/* Without room for the list it stays loaded for good. */
static void hold(MoltHeldLibraries *held, MoltLibrary *library)
{
    if (held->count == held->slots) {
        uint32_t slots = held->slots == 0 ? 4 : held->slots * 2;
        MoltLibrary **items = realloc(held->items, slots * sizeof *items);
        if (items == NULL) {
            return;
        }
        held->items = items;
        held->slots = slots;
    }
    held->items[held->count++] = library;
}

void molt__held_library_leave(MoltHeldLibraries *held, const MoltHeap *heap, MoltLibrary *library)
{
    char text[sizeof held->text];
    if (library == NULL) {
        return;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        if (is_left(held->items[i], heap, text, sizeof text)) {
            molt__library_close(held->items[i]);
        } else {
            held->items[kept++] = held->items[i];
        }
    }
    held->count = kept;
    if (is_left(library, heap, held->text, sizeof held->text)) {
        molt__library_close(library);
    } else {
        hold(held, library);
    }
}

bool molt__held_library_tell(MoltHeldLibraries *held, char *buffer, size_t size)
{
    bool any = held->text[0] != 0;
    snprintf(buffer, size, "%s", held->text);
    held->text[0] = 0;
    return any;
}

void molt__held_library_clear(MoltHeldLibraries *held)
{
    for (uint32_t i = 0; i < held->count; i++) {
        molt__library_close(held->items[i]);
    }
    free(held->items);
    *held = (MoltHeldLibraries){0};
}
