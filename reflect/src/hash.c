/* Numbers enter a hash as little-endian 64-bit words and strings with their NUL, so that a schema
 * has one hash on every machine and no two sequences of members read as the same bytes. */
#include <string.h>
#include <xxhash.h>

#include "tables.h"

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return XXH3_64bits_withSeed(bytes, sizeof bytes, hash);
}

static uint64_t mix_string(uint64_t hash, const MoltTables *tables, uint32_t offset)
{
    const char *text = tables->strings + offset;
    return XXH3_64bits_withSeed(text, strlen(text) + 1, hash);
}

/* By name and kind only: pointers close cycles, and what they point at has a hash of its own. */
static uint64_t mix_reference(uint64_t hash, const MoltTables *tables, MoltTypeId id)
{
    hash = mix_string(hash, tables, tables->types[id].name);
    return mix_number(hash, tables->types[id].kind);
}

static uint64_t mix_field(uint64_t hash, const MoltTables *tables, const MoltField *field)
{
    const uint32_t layout = MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT | MOLT_FIELD_EXTERNAL;
    hash = mix_string(hash, tables, field->name);
    hash = mix_number(hash, tables->types[field->type].hash);
    hash = mix_number(hash, field->bit_offset);
    hash = mix_number(hash, field->bit_width);
    return mix_number(hash, field->flags & layout);
}

/* A struct whose version changed is another one, however alike the bytes are. */
static uint64_t mix_version(uint64_t hash, const MoltTables *tables, const MoltType *type)
{
    for (uint32_t n = type->note_first; n < type->note_first + type->note_count; n++) {
        if (tables->notes[n].kind == MOLT_NOTE_VERSION)
            hash = mix_string(hash, tables, tables->notes[n].text);
    }
    return hash;
}

/* Hash of a type whose held types have theirs. Never 0, which means "not hashed yet". */
static uint64_t hash_type(const MoltTables *tables, const MoltType *type)
{
    uint64_t hash = mix_string(0, tables, type->name);
    hash = mix_number(hash, type->kind);
    hash = mix_number(hash, type->flags);
    hash = mix_number(hash, type->size);
    hash = mix_number(hash, type->align);

    switch (type->kind) {
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION:
        hash = mix_number(hash, type->count);
        for (uint32_t i = 0; i < type->count; i++)
            hash = mix_field(hash, tables, &tables->fields[type->first + i]);
        hash = mix_version(hash, tables, type);
        break;
    case MOLT_KIND_ENUM:
        hash = mix_number(hash, tables->types[type->elem].hash);
        hash = mix_number(hash, type->count);
        for (uint32_t i = 0; i < type->count; i++) {
            const MoltEnumerator *enumerator = &tables->enumerators[type->first + i];
            hash = mix_string(hash, tables, enumerator->name);
            hash = mix_number(hash, enumerator->value);
        }
        break;
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR:
        hash = mix_number(hash, tables->types[type->elem].hash);
        hash = mix_number(hash, type->length);
        break;
    case MOLT_KIND_FUNCTION:
        hash = mix_reference(hash, tables, type->elem);
        hash = mix_number(hash, type->count);
        for (uint32_t i = 0; i < type->count; i++)
            hash = mix_reference(hash, tables, tables->refs[type->first + i]);
        break;
    case MOLT_KIND_POINTER: hash = mix_reference(hash, tables, type->elem); break;
    default: break;
    }
    return hash ? hash : 1;
}

/* Hashes `start` after everything that it holds. The depth of sound tables is bounded, so the walk
 * needs a stack of that size only. */
static void hash_held_first(const MoltTables *tables, MoltType *types, MoltTypeId start)
{
    struct {
        MoltTypeId type;
        uint32_t next;
    } stack[MOLT_SCHEMA_DEPTH_MAX + 1];
    uint32_t depth = 0;

    stack[depth].type = start;
    stack[depth++].next = 0;
    while (depth > 0) {
        MoltType *type = &types[stack[depth - 1].type];
        if (stack[depth - 1].next == molt__held_count(type)) {
            type->hash = hash_type(tables, type);
            depth--;
            continue;
        }
        MoltTypeId held = molt__held(tables, type, stack[depth - 1].next++);
        if (types[held].hash == 0 && depth < MOLT_SCHEMA_DEPTH_MAX + 1) {
            stack[depth].type = held;
            stack[depth++].next = 0;
        }
    }
}

/* A sum, because types stand in any order: equal sets of entries have equal sums. */
static void add_entry(MoltHash *sum, uint64_t seed, const char *name)
{
    XXH128_hash_t entry = XXH3_128bits_withSeed(name, strlen(name) + 1, seed);
    sum->low += entry.low64;
    sum->high += entry.high64;
}

enum { TYPE_ENTRY = 1, ROOT_ENTRY, SPELLING_ENTRY, ABI_ENTRY };

MoltHash molt_schema_source_hash(const MoltSchema *schema)
{
    const MoltTables *tables = &schema->tables;
    MoltHash sum = tables->hash, entry = {0, 0};
    for (uint32_t i = 0; i < tables->type_count; i++) {
        const MoltType *type = &tables->types[i];
        if (type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_UNTYPED) != 0)
            add_entry(&entry, mix_number(TYPE_ENTRY, type->hash), tables->strings + type->name);
    }
    sum.low -= entry.low;
    sum.high -= entry.high;
    return sum;
}

MoltHash molt__schema_shown_hash(const MoltSchema *schema)
{
    const MoltTables *tables = &schema->tables;
    MoltHash sum = tables->hash;
    for (uint32_t t = schema->source_types; t < schema->kept_types; t++)
        add_entry(&sum, mix_number(TYPE_ENTRY, tables->types[t].hash),
                  tables->strings + tables->types[t].name);
    return sum;
}

void molt_tables_hash(MoltTables *tables, MoltType *types)
{
    MoltHash sum = {0, 0};

    for (uint32_t i = 0; i < tables->type_count; i++)
        types[i].hash = 0;
    for (uint32_t i = 0; i < tables->type_count; i++) {
        if (types[i].hash == 0)
            hash_held_first(tables, types, i);
        if (molt__is_vacant(&types[i]))
            continue;
        uint64_t seed = mix_number(TYPE_ENTRY, types[i].hash);
        add_entry(&sum, seed, tables->strings + types[i].name);
    }
    for (uint32_t i = 0; i < tables->root_count; i++) {
        if (molt__is_vacant(&types[tables->roots[i].type]))
            continue;
        uint64_t seed = mix_string(ROOT_ENTRY, tables, types[tables->roots[i].type].name);
        add_entry(&sum, seed, tables->strings + tables->roots[i].name);
    }
    for (uint32_t i = 0; i < tables->spelling_count; i++) {
        uint64_t seed = mix_string(SPELLING_ENTRY, tables, types[tables->spellings[i].type].name);
        add_entry(&sum, seed, tables->strings + tables->spellings[i].text);
    }

    const MoltAbi *abi = &tables->abi;
    uint64_t seed = mix_number(ABI_ENTRY, abi->pointer_size);
    seed = mix_number(seed, abi->long_size);
    seed = mix_number(seed, abi->char_signed);
    seed = mix_number(seed, abi->little_endian);
    add_entry(&sum, mix_number(seed, abi->max_align), "");
    tables->hash = sum;
}
