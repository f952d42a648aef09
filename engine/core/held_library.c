#include "held_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <molt/stale_pointer.h>

#include "clock.h"
#include "late_pointers.h"
#include "runner.h"

#define REST_NS (2 * MOLT__MILLISECOND)

/* Nothing of the state leads into it. */
static bool is_left(const MoltLibrary *library, MoltHeap *heap, const MoltLibrary *current, char *text,
                    size_t size)
{
    MoltStalePointers found;
    MoltError error = {0}, late = {0};
    MoltStatus status =
        molt_heap_find_stale(heap, library->begin, library->end, &found, &error);
    if (status == MOLT_OK && found.count > 0 && current != NULL &&
        molt__late_pointers_follow(library, current, heap, &late) == MOLT_OK) {
        status = molt_heap_find_stale(heap, library->begin, library->end, &found, &error);
    }
    if (status != MOLT_OK) {
        snprintf(text, size, "%s stays loaded: %.500s", library->copy, error.text);
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

void molt__held_library_add(MoltHeldLibraries *held, MoltLibrary *library)
{
    if (library == NULL) {
        return;
    }
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
    held->fresh++;
}

void molt__held_library_look(MoltHeldLibraries *held, MoltHeap *heap, const MoltLibrary *current,
                             MoltThreads *threads)
{
    char text[sizeof held->text];
    if (held->fresh == 0 || !molt__threads_rest_within(threads, REST_NS)) {
        return;
    }
    uint32_t kept = 0, known = held->count - held->fresh;
    for (uint32_t i = 0; i < held->count; i++) {
        if (is_left(held->items[i], heap, current, text, sizeof text)) {
            molt__library_close(held->items[i]);
            continue;
        }
        held->items[kept++] = held->items[i];
        if (i >= known) {
            memcpy(held->text, text, sizeof text);
        }
    }
    held->count = kept;
    held->fresh = 0;
    molt_threads_go_on(threads);
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

void molt__held_library_abandon(MoltHeldLibraries *held)
{
    for (uint32_t i = 0; i < held->count; i++) {
        unlink(held->items[i]->copy);
    }
    held->count = held->fresh = 0;
}
