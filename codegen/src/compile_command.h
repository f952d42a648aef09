/* How the compiler is called for one source, reduced to the flags that decide what the source means
 * (language, macros, include paths, ABI): warnings, optimisation and what only gcc knows are
 * dropped, so that libclang accepts the rest. It must never know what is done with them. */
#ifndef MOLT_CODEGEN_COMPILE_COMMAND_H
#define MOLT_CODEGEN_COMPILE_COMMAND_H

#include <stdbool.h>

#include "diagnostics.h"

typedef struct MoltCommand {
    const char *directory; /* absolute; relative names in the flags start here */
    const char **flags;
    uint32_t count, capacity;
} MoltCommand;

/* BUILD_DIR/compile_commands.json, read once. */
typedef struct MoltCommandList {
    const char *build_dir;
    void *database; /* libclang's; NULL until opened */
} MoltCommandList;

/* False, and refused in the name of `source`, when it cannot be read. Close it in either case. */
bool molt__commands_open(MoltDiagnostics *diagnostics, const char *build_dir, const char *source,
                         MoltCommandList *out);
void molt__commands_close(MoltCommandList *list);

/* The command of `source` (absolute). When a source is compiled several times, the first whose object lies
 * under a folder `object_dir` (NULL: any) is taken. */
bool molt__command_find(MoltDiagnostics *diagnostics, const MoltCommandList *list,
                        const char *source, const char *object_dir, MoltCommand *out);

/* The same from flags given by hand; `directory` is where their relative names start. */
void molt__command_from_flags(MoltArena *arena, const char *directory, char *const *flags,
                              int count, MoltCommand *out);

#endif
