#include "word_record.h"

#include <string.h>

#include <molt/globals.h>

#include "state_place.h"

/* Byte for byte in the file, which the same program reads. */
typedef struct Record {
    MoltStatePlace at, value;
} Record;

bool molt__word_record_open(MoltWordRecord *record, const char *path, const MoltLibrary *library,
                            const MoltHeap *heap)
{
    *record = (MoltWordRecord){.library = library, .heap = heap, .file = fopen(path, "wb")};
    return record->file != NULL;
}

void molt__word_record_add(void *context, const void *at, uintptr_t value)
{
    MoltWordRecord *record = context;
    const Record words = {.at = molt__state_place(record->library, record->heap, (uintptr_t)at),
                          .value = molt__state_place(record->library, record->heap, value)};
    record->failed |= fwrite(&words, sizeof words, 1, record->file) != 1;
}

bool molt__word_record_close(MoltWordRecord *record)
{
    bool good = record->file != NULL && fclose(record->file) == 0 && !record->failed;
    record->file = NULL;
    return good;
}

/* A number that stood where pointers may stand is itself. */
static bool find_value(const MoltLibrary *library, const MoltHeap *heap, const MoltStatePlace *place,
                       MoltStateSearch *search, uintptr_t *out)
{
    if (place->kind == MOLT__STATE_ELSEWHERE) {
        *out = place->offset;
        return true;
    }
    return molt__state_place_find(library, heap, place, search, out);
}

uint64_t molt__word_record_put_back(const char *path, const MoltLibrary *library, MoltHeap *heap)
{
    Record words;
    MoltStateSearch places = {0}, targets = {0};
    uint64_t lost = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    while (fread(&words, sizeof words, 1, file) == 1) {
        uintptr_t at, value;
        MoltPlace place;
        bool found = words.at.kind == MOLT__STATE_BLOCK &&
                     molt__state_place_find(library, heap, &words.at, &places, &at) &&
                     find_value(library, heap, &words.value, &targets, &value);
        if (found) { /* all of the word is in the block */
            molt_heap_locate(heap, (const void *)(at + sizeof value - 1), &place); /* NOLINT: in it */
            found = place.kind == MOLT_PLACE_BLOCK;
        }
        if (found) {
            memcpy((void *)at, &value, sizeof value); /* NOLINT: a place of the state */
        }
        lost += !found;
    }
    fclose(file);
    molt_heap_scatter_globals(heap);
    return lost;
}
