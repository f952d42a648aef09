/* A value as JSON: its bytes by the form of its type, its pointers as references to objects of the heap
 * or as names in the library. It must never know the document that the value stands in. */
#ifndef MOLT__DUMP_VALUE_H
#define MOLT__DUMP_VALUE_H

#include "dump_form.h"
#include "json_writer.h"
#include "molt/code_map.h"
#include "molt/heap.h"
#include "snapshot_symbols.h"

#define MOLT__DUMP_SEEN 64u

/* Constants that pointers of the dump lead to, each once. */
typedef struct MoltDumpConstants {
    MoltSymbolWriter places;
    struct {
        uintptr_t address; /* 0: none */
        MoltTypeId pointee;
    } seen[MOLT__DUMP_SEEN]; /* some of those that are among the places already */
} MoltDumpConstants;

/* A dump on its way; it has failed when its writer has. Recursion follows types, never data. */
typedef struct MoltDump {
    const MoltHeap *heap;
    const MoltSchema *schema;
    const MoltCodeMap *code; /* NULL: nothing is named */
    bool addresses;
    MoltDumpConstants *constants; /* NULL: nobody asks for them */
    uint64_t tail; /* elements of the flexible array of the block that is being written */
    MoltDumpForms forms;
    MoltJsonWriter out;
} MoltDump;

/* `object` is what `value` is at an offset in. */
void molt__dump_value(MoltDump *dump, const MoltDumpValue *value, const unsigned char *object);
/* A pointer that is not in an object: a root. */
void molt__dump_pointer(MoltDump *dump, const void *address, MoltTypeId pointee);
/* Chars as a string where that says all, else as bytes. */
void molt__dump_text(MoltDump *dump, const unsigned char *bytes, uint64_t size);

/* The arm (index into tables.fields) that the tag of a union selects, MOLT__NO_ARM when it selects none. */
uint32_t molt__dump_arm(const MoltDumpForms *forms, const MoltDumpValue *value,
                        const unsigned char *object);

/* "list.c:primes" without quotes: where a function or a constant is, and its name. */
void molt__dump_name(MoltDump *dump, const char *file, const char *name);

static inline bool molt__dump_failed(const MoltDump *dump)
{
    return dump->out.status != MOLT_OK;
}

static inline void molt__dump_put(MoltDump *dump, MoltDumpText text)
{
    molt__json_put_short(&dump->out, dump->forms.text + text.at, text.length);
}

#endif
