#include "saved_state.h"

#include <molt/plain_memory.h>

#include "code_pair.h"
#include "transaction.h"

MoltStatus molt__saved_state_write(const MoltLibrary *library, const MoltHeap *heap,
                                   const char *path, const MoltSaveDesc *desc, MoltReport *report,
                                   MoltError *error)
{
    MoltCodePair *code = NULL;
    MoltStatus status = molt__code_pair_create(library->symbols, NULL, &code, error);
    if (status == MOLT_OK) {
        MoltSaveDesc named = *desc;
        named.code = molt__code_pair_map(code);
        status = molt_snapshot_file_save(heap, path, &named, report, error);
    }
    molt__code_pair_free(code);
    return status;
}

/* The code takes the root for what MOLT_ROOT says, so the file must have one of that type. */
static MoltStatus check_root(const MoltHeap *heap, const char *path, MoltError *error)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    uint32_t root = molt__state_root(schema);
    MoltPlace place = {.kind = MOLT_PLACE_OUTSIDE};
    if (root != UINT32_MAX) {
        molt_heap_locate(heap, molt_heap_root(heap, root), &place);
    }
    if (place.kind == MOLT_PLACE_BLOCK && place.block.start == molt_heap_root(heap, root) &&
        place.block.type == schema->tables.roots[root].type) {
        return MOLT_OK;
    }
    return molt_error(error, MOLT_INVALID,
                      "%s holds no state of this game: section roots, offset 0: there is no object "
                      "that main_loop() could take.",
                      path);
}

MoltStatus molt__saved_state_read(const MoltLibrary *library, const MoltSavedStateLoad *load,
                                  MoltSnapshotFile **file, MoltHeap **heap, MoltReport *report,
                                  MoltError *error)
{
    MoltCodePair *code = NULL;
    MoltSnapshotFile *opened = NULL;
    MoltHeap *made = NULL;
    MoltStatus status =
        molt_snapshot_file_open(load->path, load->trusted, load->heap.allocator, &opened, error);
    if (status == MOLT_OK) {
        status = molt__code_pair_create(library->symbols, library->symbols, &code, error);
    }
    if (status == MOLT_OK) {
        const MoltHooks hooks = molt__library_hooks(library);
        MoltLoadDesc desc = {.schema = library->schema,
                             .code = molt__code_pair_map(code),
                             .hooks = &hooks,
                             .policy = load->policy,
                             .missing_functions = load->missing,
                             .running = load->running,
                             .globals = library->globals,
                             .heap = load->heap};
        status = molt_snapshot_file_load(opened, &desc, &made, report, error);
    }
    if (status == MOLT_OK) {
        status = check_root(made, load->path, error);
    }
    if (status == MOLT_OK && molt_heap_set_call_sites(made, library->call_sites) != MOLT_OK) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the allocation sites of %s.",
                            library->source);
    }
    molt__code_pair_free(code);
    if (status != MOLT_OK) {
        molt_heap_destroy(made);
        molt_snapshot_file_close(opened);
        return status;
    }
    *file = opened;
    *heap = made;
    return MOLT_OK;
}
