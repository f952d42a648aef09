#include "state_json.h"

#include <molt/dump.h>

#include "code_pair.h"
#include "transaction.h"

MoltStatus molt__state_dump(const MoltLibrary *library, const MoltHeap *heap, const char *path,
                            bool addresses, char **text, size_t *length, MoltError *error)
{
    MoltCodePair *code = NULL;
    MoltDumpDesc desc = {.addresses = addresses};
    MoltStatus status = molt__code_pair_create(library->symbols, NULL, &code, error);
    if (status == MOLT_OK) {
        desc.code = molt__code_pair_map(code);
        status = path != NULL ? molt_dump_path_json(heap, &desc, path, text, length, error)
                              : molt_dump_json(heap, &desc, text, length, error);
    }
    molt__code_pair_free(code);
    return status;
}

MoltStatus molt__state_dump_write(const MoltLibrary *library, const MoltHeap *heap, bool addresses,
                                  const MoltTextSink *sink, MoltError *error)
{
    MoltCodePair *code = NULL;
    MoltDumpDesc desc = {.addresses = addresses};
    MoltStatus status = molt__code_pair_create(library->symbols, NULL, &code, error);
    if (status == MOLT_OK) {
        desc.code = molt__code_pair_map(code);
        status = molt_dump_write(heap, &desc, sink, error);
    }
    molt__code_pair_free(code);
    return status;
}

MoltStatus molt__state_load(const MoltLibrary *library, MoltHeap *heap, MoltThreads *threads,
                            const char *text, size_t length, const MoltImportDesc *desc,
                            void **state, MoltError *error)
{
    MoltCodePair *code = NULL;
    MoltImportDesc import = *desc;
    MoltStatus status = molt__code_pair_create(library->symbols, library->symbols, &code, error);
    if (status != MOLT_OK) {
        return status;
    }
    import.code = molt__code_pair_map(code);
    import.roots_required = true; /* main_loop() gets one */
    status = molt_import_json(heap, text, length, &import, error);
    if (status == MOLT_OK) {
        molt_threads_end(threads);
        *state = molt_heap_root(heap, molt__state_root(library->schema));
    }
    molt__code_pair_free(code);
    return status;
}
