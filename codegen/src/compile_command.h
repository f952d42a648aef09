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

/* The command of `source` (absolute) in BUILD_DIR/compile_commands.json. When a source is compiled
 * several times, the first whose object lies under a folder `object_dir` (NULL: any) is taken. */
bool molt__command_find(MoltDiagnostics *diagnostics, const char *build_dir, const char *source,
                        const char *object_dir, MoltCommand *out);

/* The same from flags given by hand; `directory` is where their relative names start. */
void molt__command_from_flags(MoltArena *arena, const char *directory, char *const *flags,
                              int count, MoltCommand *out);

#endif
