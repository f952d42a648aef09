/* The call instructions of a loaded library that go to functions of given names, by looking at its
 * code: where each returns to and which function it calls. It must never know why somebody asks, or
 * what sources say.
 *
 * A byte in the middle of an instruction may look like a call. That does no harm: nothing ever returns
 * to what follows it. Calls through function pointers and jumps in place of a call are not found. */
#ifndef MOLT_CORE_CODE_CALLS_H
#define MOLT_CORE_CODE_CALLS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>

/* A function by the name that the source gives it; copies that the compiler made of it count too. */
typedef struct MoltEntry {
    uintptr_t address;
    const char *name; /* one of the names asked for */
} MoltEntry;

typedef struct MoltCodeCall {
    uintptr_t call, returns; /* addresses of the instruction and of the next one */
    const char *callee;
} MoltCodeCall;

typedef struct MoltCodeCalls {
    MoltCodeCall *items; /* sorted by address */
    uint32_t count;
} MoltCodeCalls;

/* True on machines whose call instructions are known. */
bool molt__code_calls_supported(void);

/* Looks through the code of the library whose file `elf` is and which is loaded at `base` with the
 * image [begin, end). A library without .symtab has no calls. MOLT_OUT_OF_MEMORY is the only
 * failure. */
MoltStatus molt__code_calls_find(Elf *elf, uintptr_t base, uintptr_t begin, uintptr_t end,
                                 const char *const *names, uint32_t name_count,
                                 MoltCodeCalls *out);
void molt__code_calls_free(MoltCodeCalls *calls);

#endif
