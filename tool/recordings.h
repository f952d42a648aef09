/* A folder of recorded schemas, v0001.json onward, oldest first. It must never know what is compared
 * with what. */
#ifndef MOLT_TOOL_RECORDINGS_H
#define MOLT_TOOL_RECORDINGS_H

#include "molt/schema.h"

typedef struct MoltRecording {
    char *path; /* "schemas/v0002.json" */
    uint32_t number;
    MoltSchema *schema;
} MoltRecording;

typedef struct MoltRecordings {
    MoltRecording *items;
    uint32_t count;
} MoltRecordings;

/* Reads every vNNNN.json of the folder; other files are left alone. A missing number, or one that
 * cannot be read, is an error: a history with a hole proves nothing. */
MoltStatus molt__recordings_read(const char *folder, MoltRecordings *out, MoltError *error);
/* Adds a version that no file records: its path is NULL. Takes the schema, also when it fails. */
MoltStatus molt__recordings_append(MoltRecordings *recordings, uint32_t number, MoltSchema *schema,
                                   MoltError *error);
void molt__recordings_free(MoltRecordings *recordings);

/* Equal layouts: nothing to record again. */
bool molt__recorded_alike(const MoltSchema *a, const MoltSchema *b);

/* The path of recording `number` in the folder; the caller frees it. NULL when memory is out. */
char *molt__recording_path(const char *folder, uint32_t number);

#endif
