/* A schema with the type of plain memory of which no type is known. */
#include <string.h>

#include "molt/schema.h"

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static bool has_untyped(const MoltSchema *schema)
{
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++)
        if (molt_type(schema, id)->kind == MOLT_KIND_INT &&
            (molt_type(schema, id)->flags & MOLT_TYPE_UNTYPED) != 0)
            return true;
    return false;
}

/* A copy of `plain` with one type more. */
static MoltStatus extend(const MoltSchema *plain, const MoltAllocator *allocator, MoltSchema **out,
                         MoltError *error)
{
    static const char name[] = MOLT_UNTYPED_NAME;
    MoltTables tables = plain->tables;
    size_t types_size = (tables.type_count + 1u) * sizeof *tables.types;
    size_t strings_size = tables.string_size + sizeof name;
    MoltType *types = resize(allocator, NULL, 0, types_size);
    char *strings = resize(allocator, NULL, 0, strings_size);
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    if (!types || !strings) {
        molt_error(error, status, "No memory for a schema.");
        goto cleanup;
    }
    if (tables.type_count > 0)
        memcpy(types, tables.types, tables.type_count * sizeof *types);
    memcpy(strings, tables.strings, tables.string_size);
    memcpy(strings + tables.string_size, name, sizeof name);
    types[tables.type_count] = (MoltType){.name = tables.string_size,
                                          .kind = MOLT_KIND_INT,
                                          .flags = MOLT_TYPE_UNTYPED,
                                          .size = 1,
                                          .align = 1,
                                          .elem = MOLT_NO_TYPE};
    tables.types = types;
    tables.type_count++;
    tables.strings = strings;
    tables.string_size += (uint32_t)sizeof name;
    molt_tables_hash(&tables, types);
    status = molt_schema_copy(&tables, allocator, out, error);
cleanup:
    if (types)
        resize(allocator, types, types_size, 0);
    if (strings)
        resize(allocator, strings, strings_size, 0);
    return status;
}

MoltStatus molt_schema_copy_plain(const MoltTables *tables, const MoltAllocator *allocator,
                                  MoltSchema **out, MoltError *error)
{
    MoltSchema *plain = NULL;
    allocator = allocator ? allocator : molt_allocator_default();
    MoltStatus status = molt_schema_copy(tables, allocator, &plain, error);
    if (status != MOLT_OK)
        return status;
    if (has_untyped(plain)) {
        *out = plain;
        return MOLT_OK;
    }
    status = extend(plain, allocator, out, error);
    molt_schema_free(plain);
    return status;
}
