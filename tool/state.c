#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file.h"
#include "molt/dump.h"
#include "progress.h"

static MoltStatus open_bytes(const char *path, MoltToolState *state, size_t size, MoltError *error)
{
    MoltError reason;
    MoltStatus status =
        molt_snapshot_file_open_memory(state->bytes, size, NULL, &state->file, &reason);
    return status == MOLT_OK
               ? MOLT_OK
               : molt_error(error, status, "%s: %s",
                            strcmp(path, "-") == 0 ? "standard input" : path, reason.text);
}

uint64_t molt__tool_state_reserve(void)
{
    struct rlimit limit;
    const uint64_t most = (uint64_t)64 << 30;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / 3 >= most) {
        return 0;
    }
    return limit.rlim_cur / 3 > 1 ? limit.rlim_cur / 3 : 1;
}

static MoltStatus open_file(const char *path, MoltToolState *state, MoltError *error)
{
    if (strcmp(path, "-") != 0) {
        return molt_snapshot_file_open(path, false, NULL, &state->file, error);
    }
    size_t size = 0;
    state->bytes = molt__tool_read(path, 0, &size, error);
    return state->bytes != NULL ? open_bytes(path, state, size, error) : MOLT_SYSTEM;
}

/* Whether the state is to keep the type of memory without a type, which schemas of sources do not have and
 * those of games do whose malloc goes to the heap: where it has such memory, and where nothing else would be
 * another schema, so that the file stays what it is to the byte. */
static bool keeps_untyped(const MoltSnapshotFile *file, const MoltSchema *schema)
{
    const MoltSchema *own = molt_snapshot_file_schema(file);
    MoltTypeId type = molt_schema_find(own, MOLT_UNTYPED_NAME);
    if (type == MOLT_NO_TYPE) {
        return false;
    }
    MoltHash was = molt_schema_source_hash(own), is = molt_schema_source_hash(schema);
    return molt_snapshot_file_blocks(file, type) > 0 ||
           (was.high == is.high && was.low == is.low);
}

/* Makes the state of the opened file by `how`, whose schema may be NULL; closes it when that fails. */
static MoltStatus load(MoltToolState *state, MoltStatus opened, const MoltLoadDesc *how,
                       MoltToolState *out, MoltReport *report, MoltError *error)
{
    MoltStatus status = opened;
    if (status == MOLT_OK && how->schema != NULL && keeps_untyped(state->file, how->schema)) {
        status = molt_schema_copy_plain(&how->schema->tables, NULL, &state->schema, error);
    }
    if (status == MOLT_OK) {
        MoltLoadDesc desc = *how;
        desc.schema = state->schema != NULL ? state->schema : how->schema;
        desc.heap.no_attic = true;
        desc.heap.reserve = molt__tool_state_reserve();
        desc.progress = molt__progress("loading");
        status = molt_snapshot_file_load(state->file, &desc, &state->heap, report, error);
    }
    if (report != NULL) { /* nothing is kept for undo, whatever the tables took */
        report->attic_objects = report->attic_bytes = 0;
    }
    if (status == MOLT_OK) {
        *out = *state;
    } else {
        molt__tool_state_close(state);
    }
    return status;
}

MoltStatus molt__tool_state_open(const char *path, const MoltSchema *schema, MoltPolicy policy,
                                 MoltMissingFunctions missing, MoltToolState *out,
                                 MoltReport *report, MoltError *error)
{
    MoltToolState state = {0};
    const MoltLoadDesc how = {.schema = schema, .policy = policy, .missing_functions = missing};
    MoltStatus opened = open_file(path, &state, error);
    return load(&state, opened, &how, out, report, error);
}

MoltStatus molt__tool_state_take(const char *name, char *bytes, size_t size, MoltToolState *out,
                                 MoltReport *report, MoltError *error)
{
    MoltToolState state = {.bytes = bytes};
    const MoltLoadDesc how = {.policy = MOLT_POLICY_STRICT};
    MoltStatus opened = open_bytes(name, &state, size, error);
    return load(&state, opened, &how, out, report, error);
}

MoltStatus molt__tool_state_step(MoltToolState *state, const MoltSchema *schema, MoltPolicy policy,
                                 MoltMissingFunctions missing, MoltReport *report, MoltError *error)
{
    MoltSchema *copy = NULL;
    MoltStatus status = MOLT_OK;
    if (keeps_untyped(state->file, schema)) {
        status = molt_schema_copy_plain(&schema->tables, NULL, &copy, error);
    }
    if (status == MOLT_OK) {
        status = molt_snapshot_file_step(state->file, state->heap, copy != NULL ? copy : schema,
                                         policy, missing, report, error);
    }
    if (status == MOLT_OK) {
        molt_schema_free(state->schema);
        state->schema = copy;
    } else {
        molt_schema_free(copy);
    }
    return status;
}

void molt__tool_state_close(MoltToolState *state)
{
    molt_heap_destroy(state->heap);
    molt_snapshot_file_close(state->file);
    molt_schema_free(state->schema);
    free(state->bytes);
    *state = (MoltToolState){0};
}

MoltStatus molt__tool_state_save(const MoltHeap *heap, const MoltCodeMap *code,
                            const MoltSnapshotFile *file, const char *path, MoltReport *report,
                            MoltError *error)
{
    MoltSaveDesc desc = {
        .code = code, .policy = MOLT_POLICY_STRICT, .progress = molt__progress("writing")};
    if (file != NULL) {
        desc.host = molt_snapshot_file_host(file, &desc.host_size);
    }
    if (strcmp(path, "-") != 0) {
        return molt_snapshot_file_save(heap, path, &desc, report, error);
    }
    /* A snapshot is written in more than one place at a time, which a pipe cannot be. */
    char name[] = "/tmp/molt-XXXXXX";
    int made = mkstemp(name);
    if (made < 0) {
        return molt_error(error, MOLT_SYSTEM, "%s: cannot be made", name);
    }
    close(made);
    size_t length = 0;
    char *bytes = NULL;
    MoltStatus status = molt_snapshot_file_save(heap, name, &desc, report, error);
    if (status == MOLT_OK && (bytes = molt__tool_read_own(name, &length, error)) == NULL) {
        status = MOLT_SYSTEM;
    }
    if (status == MOLT_OK) {
        status = molt__tool_write(path, bytes, length, error);
    }
    free(bytes);
    unlink(name);
    return status;
}

MoltStatus molt__tool_state_write(const MoltToolState *state, const char *path, const char *out,
                                  MoltError *error)
{
    MoltDumpDesc desc = {.code = molt_snapshot_file_code(state->file)};
    MoltToolOutput output;
    MoltStatus status = molt__tool_output_open(&output, out, error);
    if (status != MOLT_OK) {
        return status;
    }
    MoltError ignored;
    MoltTextSink sink = molt__tool_output_sink(&output);
    status = path != NULL ? molt_dump_path_write(state->heap, &desc, path, &sink, error)
                          : molt_dump_write(state->heap, &desc, &sink, error);
    bool good = status == MOLT_OK;
    MoltStatus closed = molt__tool_output_close(&output, good, good ? error : &ignored);
    return good ? closed : status;
}
