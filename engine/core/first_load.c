#include "first_load.h"

#include <molt/plain_memory.h>

#include "guarded_calls.h"
#include "transaction.h"

static MoltStatus check_state(const MoltLibrary *library, const MoltHeap *heap, const void *state,
                              MoltTypeId type, MoltError *error)
{
    const char *name = molt_type_name(library->schema, type);
    if (state == NULL) {
        return molt_error(error, MOLT_INVALID,
                          "start_up() of %s returned NULL. It has to return the state, made with "
                          "molt_new(%s); NULL means that the game could not start.",
                          library->source, name);
    }
    MoltPlace place;
    molt_heap_locate(heap, state, &place);
    if (place.kind != MOLT_PLACE_BLOCK) {
        return molt_error(
            error, MOLT_INVALID,
            "start_up() of %s returned an address that is no block of the Molt heap. Make "
            "the state with molt_new(%s) or malloc(sizeof(%s)), not as a global.",
            library->source, name, name);
    }
    if (place.block.start != state) {
        return molt_error(
            error, MOLT_INVALID,
            "start_up() of %s returned an address inside a block of %s, not its start. "
            "Return what molt_new(%s) gave.",
            library->source, molt_type_name(library->schema, place.block.type), name);
    }
    if (molt_heap_is_untyped(heap, &place.block)) {
        return molt_error(error, MOLT_INVALID,
                          "start_up() of %s returned memory whose type is not known: %s. Allocate the "
                          "state with sizeof(%s), or make it with molt_new(%s).",
                          library->source, molt_heap_origin(heap, &place.block)->reason, name, name);
    }
    if (place.block.type != type) {
        return molt_error(
            error, MOLT_INVALID,
            "start_up() of %s returned a block of %s, but MOLT_ROOT names %s. Make the two "
            "agree.",
            library->source, molt_type_name(library->schema, place.block.type), name);
    }
    return MOLT_OK;
}

MoltStatus molt__first_load(MoltLibrary *library, MoltHeap *heap, const MoltPlatformApi *api,
                            const MoltGameThreads *game_threads, void **state, MoltError *error)
{
    uint32_t root = molt__state_root(library->schema);
    if (root == UINT32_MAX) {
        return molt_error(
            error, MOLT_INVALID,
            "The type metadata of %s has no root called \"state\". Say MOLT_ROOT(Type) for "
            "the type that start_up() returns, once in the game.",
            library->source);
    }
    MoltStatus status = molt_module_bind(library->module, library->schema, error);
    if (status != MOLT_OK) {
        return status;
    }
    status = molt_heap_set_schema(heap, library->schema);
    if (status != MOLT_OK) {
        return molt_error(error, status, "The heap cannot take the types of %s.", library->source);
    }
    molt__library_settle(library);
    status = molt_heap_set_globals(heap, library->globals, error);
    if (status != MOLT_OK) {
        return status;
    }
    status = molt_heap_set_call_sites(heap, library->call_sites);
    if (status != MOLT_OK) {
        return molt_error(error, status, "No memory for the allocation sites of %s.",
                          library->source);
    }
    if (library->call_note[0] != 0 && api->log != NULL) {
        api->log(api, library->call_note);
    }
    if (library->symbol_note[0] != 0 && api->log != NULL) {
        api->log(api, library->symbol_note);
    }
    *library->module->heap = molt_heap_api(heap);
    if (library->thread_route != NULL) {
        *library->thread_route = molt__game_threads_route(game_threads);
    }
    void *made = NULL;
    status = molt__call_start_up(library, api, &made, error);
    if (status == MOLT_OK) {
        status = check_state(library, heap, made, library->schema->tables.roots[root].type, error);
    }
    if (status == MOLT_OK) {
        molt_heap_set_root(heap, root, made);
        *state = made;
    }
    return status;
}
