/* What a hook does, as a number: equal for two hooks that read alike, wherever they stand. It tells whether
 * the hook of a version is still the one that made what an undone edit left behind. It must never know types
 * or what becomes of the number. */
#ifndef MOLT_CODEGEN_HOOK_CODE_H
#define MOLT_CODEGEN_HOOK_CODE_H

#include <clang-c/Index.h>
#include <stdint.h>

#include "arena.h"

/* The hash of the function's words and literals, and of those of the functions and constants that it uses,
 * as far as the source and its headers define them. Comments, lines and blanks do not count. Never 0. */
uint64_t molt__hook_code(MoltArena *arena, CXCursor function);

#endif
