/* One generation: a private copy of the game library, loaded, checked and asked for its entry
 * points, its schema and its symbols. It must never know the heap's contents, other generations
 * or when to reload. */
#ifndef MOLT_CORE_LIBRARY_H
#define MOLT_CORE_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/plan.h>
#include <molt/call_site.h>
#include <molt/globals.h>
#include <molt/platform_api.h>
#include <molt/reload_step.h>
#include <molt/thread_route.h>
#include <molt/threads.h>

#include "constants.h"
#include "file_stamp.h"
#include "symbols.h"
#include "untracked.h"
#include "usage_file.h"
#include "variables.h"

/* Invariant: everything below `handle` points into the image [begin, end) or describes it, and
 * is gone with molt__library_close. `schema` and `symbols` are copies that live as long as this
 * struct. */
typedef struct MoltLibrary {
    char *source;        /* path it was copied from */
    char *copy;          /* path of the private copy that is loaded; debuggers read it too */
    const char *trial;   /* while it is opened: the program that loads it first; NULL: none */
    MoltFileStamp stamp; /* of the source when it was copied */
    void *handle;
    const MoltModule *module;
    MoltSchema *schema;
    MoltSymbols *symbols;
    MoltConstants constants;
    bool *apart; /* per type: no pointer to it leads into the image (MoltCodeMap) */
    MoltGlobals *globals;    /* without places until molt__library_settle */
    MoltVariable *variables; /* per field of the globals type */
    MoltUntracked *untracked;
    MoltCallSites *call_sites; /* NULL when its malloc is libc's */
    MoltUsageFile usage; /* of the code, as it was when the library was opened */
    const MoltThreadRoute **thread_route; /* its own threads go here; NULL: they are not seen */
    MoltThreads *threads; /* that run its steps, which its hooks may not change; NULL: none */
    const char *call_note; /* what is wrong with them, for people; "" */
    char symbol_note[400]; /* the same of its symbols */
    void *(*start_up)(const MoltPlatformApi *api);
    bool (*main_loop)(void *state);
    void (*shut_down)(void *state);
    void (*begin_reload)(void *state); /* NULL when the game has none */
    void (*end_reload)(void *state);   /* NULL when the game has none */
    uintptr_t begin, end;              /* addresses that the image takes */
    size_t thread_size;                /* bytes of its thread-locals */
    uintptr_t base;                    /* what its own addresses are relative to */
} MoltLibrary;

/* Copies `path` to a file in `directory` whose name holds `number`, checks and loads the copy.
 * May run on any thread; constructors of the library run on it too. MOLT_INCOMPLETE: the file is
 * still being written, try again. MOLT_NOT_FOUND: no such file, or a symbol that the host needs
 * is missing. MOLT_VERSION, MOLT_INVALID, MOLT_SYSTEM: in words. On failure nothing stays loaded
 * or on disk. `trial` is a program that loads it first (library_trial.h), NULL: none does. `steps`
 * (NULL allowed) is asked before each. */
MoltStatus molt__library_open(const char *path, const char *directory, uint32_t number,
                              const char *trial, const MoltReloadSteps *steps, MoltLibrary **out,
                              MoltError *error);

/* The state comes from somewhere else than the library's own code: pointers may lead anywhere. */
void molt__library_doubt(MoltLibrary *library);

/* The library's schema with kept types (molt/kept_types.h), in the place of its own, which is freed.
 * Variables and hooks are of the same types as before. False, with both untouched, when memory is out. */
bool molt__library_keep(MoltLibrary *library, MoltSchema *schema);

/* Those in its code; they work once molt_module_bind has bound the library to its schema. */
MoltHooks molt__library_hooks(const MoltLibrary *library);
/* Takes the variables as they are now for their initial values, on the thread that runs the game: its
 * thread-locals are meant. Before any code of the library runs but its constructors. */
void molt__library_settle(MoltLibrary *library);

/* Unloads and removes the copy. No pointer into the image may be used afterwards. NULL allowed. */
void molt__library_close(MoltLibrary *library);

#endif
