#include "recordings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

char *molt__recording_path(const char *folder, uint32_t number)
{
    size_t size = strlen(folder) + sizeof "/v4294967295.json";
    char *path = malloc(size);
    if (path != NULL) {
        size_t length = strlen(folder);
        while (length > 1 && folder[length - 1] == '/') {
            length--;
        }
        snprintf(path, size, "%.*s/v%04u.json", (int)length, folder, number);
    }
    return path;
}

/* The N of vNNNN.json, 0 for any other name. */
static uint32_t number_of(const char *name)
{
    unsigned number = 0;
    int end = 0;
    char canonical[32];
    if (sscanf(name, "v%9u.json%n", &number, &end) != 1 || name[end] != '\0') {
        return 0;
    }
    snprintf(canonical, sizeof canonical, "v%04u.json", number);
    return strcmp(canonical, name) == 0 ? number : 0;
}

static MoltStatus highest_number(const char *folder, uint32_t *count, uint32_t *highest,
                                 MoltError *error)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM, "%s: %s", folder,
                          strerror(errno));
    }
    *count = *highest = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        uint32_t number = number_of(entry->d_name);
        *count += number > 0;
        *highest = number > *highest ? number : *highest;
    }
    closedir(directory);
    return MOLT_OK;
}

MoltStatus molt__recordings_read(const char *folder, MoltRecordings *out, MoltError *error)
{
    MoltRecordings recordings = {0};
    uint32_t count = 0, highest = 0;
    MoltStatus status = highest_number(folder, &count, &highest, error);
    if (status != MOLT_OK) {
        return status;
    }
    recordings.items = calloc((size_t)count + 1, sizeof *recordings.items);
    if (recordings.items == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the recorded schemas");
    }
    /* The first may have been retired; from then on none may be missing. */
    for (uint32_t number = highest - count + 1; number <= highest && status == MOLT_OK; number++) {
        MoltRecording *item = &recordings.items[recordings.count];
        *item = (MoltRecording){molt__recording_path(folder, number), number, NULL};
        if (item->path == NULL) {
            status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the recorded schemas");
            break;
        }
        recordings.count++;
        status = molt__tool_read_schema(item->path, &item->schema, error);
    }
    if (status != MOLT_OK) {
        molt__recordings_free(&recordings);
        return status;
    }
    *out = recordings;
    return MOLT_OK;
}

MoltStatus molt__recordings_append(MoltRecordings *recordings, uint32_t number, MoltSchema *schema,
                                   MoltError *error)
{
    size_t size = ((size_t)recordings->count + 1) * sizeof *recordings->items;
    MoltRecording *items = realloc(recordings->items, size);
    if (items == NULL) {
        molt_schema_free(schema);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the recorded schemas");
    }
    items[recordings->count++] = (MoltRecording){NULL, number, schema};
    recordings->items = items;
    return MOLT_OK;
}

void molt__recordings_free(MoltRecordings *recordings)
{
    for (uint32_t i = 0; i < recordings->count; i++) {
        free(recordings->items[i].path);
        molt_schema_free(recordings->items[i].schema);
    }
    free(recordings->items);
    *recordings = (MoltRecordings){0};
}

bool molt__recorded_alike(const MoltSchema *a, const MoltSchema *b)
{
    const MoltHash left = molt_schema_source_hash(a), right = molt_schema_source_hash(b);
    return left.low == right.low && left.high == right.high;
}
