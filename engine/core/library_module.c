#include "library_module.h"

#include <string.h>

#include <molt/globals.h>

typedef struct Image {
    uintptr_t begin, end;
} Image;

static bool holds(Image image, const void *items, size_t count, size_t size)
{
    uintptr_t at = (uintptr_t)items;
    return count == 0 || (at >= image.begin && at <= image.end && count <= (image.end - at) / size);
}

static bool holds_text(Image image, const char *texts, uint32_t offset)
{
    uintptr_t at = (uintptr_t)texts;
    return holds(image, texts, (size_t)offset + 1, 1) &&
           memchr(texts + offset, 0, image.end - at - offset) != NULL;
}

/* Texts one after the other, an empty one behind the last. */
static bool holds_texts(Image image, const char *texts, uint32_t offset)
{
    while (holds_text(image, texts, offset) && texts[offset] != 0) {
        offset += (uint32_t)strlen(texts + offset) + 1;
    }
    return holds_text(image, texts, offset);
}

static bool holds_tables(Image image, const MoltTables *tables)
{
    return holds(image, tables, 1, sizeof *tables) &&
           holds(image, tables->types, tables->type_count, sizeof *tables->types) &&
           holds(image, tables->fields, tables->field_count, sizeof *tables->fields) &&
           holds(image, tables->enumerators, tables->enumerator_count,
                 sizeof *tables->enumerators) &&
           holds(image, tables->refs, tables->ref_count, sizeof *tables->refs) &&
           holds(image, tables->notes, tables->note_count, sizeof *tables->notes) &&
           holds(image, tables->roots, tables->root_count, sizeof *tables->roots) &&
           holds(image, tables->spellings, tables->spelling_count, sizeof *tables->spellings) &&
           holds(image, tables->constants, tables->constant_size, 1) &&
           holds(image, tables->strings, tables->string_size, 1);
}

/* The first row's keys are followed by those of the others. */
static bool holds_constant(Image image, const MoltModule *module, const MoltConstant *constant)
{
    if (!holds_text(image, module->constant_text, constant->name)) {
        return false;
    }
    if (constant->was != 0 && !holds_texts(image, module->constant_text, constant->was)) {
        return false;
    }
    const uint32_t *keys = module->constant_keys + constant->keys;
    bool good = constant->keys == 0 || holds(image, module->constant_keys,
                                             (size_t)constant->keys + constant->rows, sizeof *keys);
    for (uint32_t row = 0; good && constant->keys != 0 && row < constant->rows; row++) {
        good = holds_text(image, module->constant_text, keys[row]);
    }
    return good;
}

static bool holds_split_texts(Image image, const MoltModule *module)
{
    size_t size = 0;
    if (!holds(image, module->split_text_sizes, module->split_text_count,
               sizeof *module->split_text_sizes)) {
        return false;
    }
    for (uint32_t i = 0; i < module->split_text_count; i++) {
        size += module->split_text_sizes[i];
    }
    return holds(image, module->split_texts, size, 1);
}

static bool holds_names(Image image, const MoltModule *module)
{
    bool good =
        holds(image, module->allocations, module->allocation_count, sizeof *module->allocations) &&
        holds(image, module->constants, module->constant_count, sizeof *module->constants) &&
        holds(image, module->hook_codes, module->hook_code_count, sizeof *module->hook_codes) &&
        holds(image, module->apart_types, module->apart_count, sizeof *module->apart_types) &&
        holds_split_texts(image, module) &&
        (module->sources == NULL || holds_text(image, module->sources, 0));
    for (uint32_t i = 0; good && i < module->allocation_count; i++) {
        const MoltAllocation *call = &module->allocations[i];
        good = holds_text(image, module->allocation_text, call->file) &&
               holds_text(image, module->allocation_text, call->callee) &&
               holds_text(image, module->allocation_text, call->function) &&
               holds_text(image, module->allocation_text, call->reason);
    }
    for (uint32_t i = 0; good && i < module->constant_count; i++) {
        good = holds_constant(image, module, &module->constants[i]);
    }
    return good;
}

bool molt__library_module_fits(const MoltModule *module, uintptr_t begin, uintptr_t end)
{
    Image image = {begin, end};
    size_t head = sizeof module->size + sizeof module->version;
    if (!holds(image, module, 1, head)) {
        return false;
    }
    if (module->version != MOLT_META_VERSION || module->size < sizeof *module ||
        module->tables == NULL) {
        return true; /* nothing of it is read */
    }
    size_t sites = (size_t)((uintptr_t)module->sites_end - (uintptr_t)module->sites);
    size_t hooks = (size_t)((uintptr_t)module->hooks_end - (uintptr_t)module->hooks);
    return holds(image, module, 1, sizeof *module) && holds_tables(image, module->tables) &&
           (module->heap == NULL || holds(image, module->heap, 1, sizeof *module->heap)) &&
           holds(image, module->sites, sites, 1) && holds(image, module->hooks, hooks, 1) &&
           holds_names(image, module);
}

/* The types of the library with what every game has: variables, and memory without a type where its
 * calls of malloc go to the heap. */
static MoltStatus make_schema(const MoltTables *tables, bool routed, MoltSchema **out,
                              MoltError *error)
{
    MoltSchema *plain = NULL;
    if (!routed) {
        return molt_schema_with_globals(tables, NULL, out, error);
    }
    MoltStatus status = molt_schema_copy_plain(tables, NULL, &plain, error);
    if (status == MOLT_OK) {
        status = molt_schema_with_globals(&plain->tables, NULL, out, error);
    }
    molt_schema_free(plain);
    return status;
}

MoltStatus molt__library_module_read(const char *name, const MoltModule *module, bool routed,
                                     MoltSchema **out, MoltError *error)
{
    if (module == NULL) {
        return molt_error(error, MOLT_NOT_FOUND,
                          "%s does not export %s: it has no type metadata. Build it with "
                          "molt_add_game(), or link the file that molt-codegen writes.",
                          name, MOLT_MODULE_SYMBOL);
    }
    if (module->version != MOLT_META_VERSION || module->size < sizeof *module) {
        return molt_error(
            error, MOLT_VERSION,
            "%s has type metadata of version %u (%u bytes), this host reads version %u "
            "(%zu bytes). Build the game again with the molt-codegen of this host.",
            name, module->version, module->size, MOLT_META_VERSION, sizeof *module);
    }
    if (module->tables == NULL || module->heap == NULL ||
        (module->sites == NULL) != (module->sites_end == NULL) ||
        (module->hooks == NULL) != (module->hooks_end == NULL)) {
        return molt_error(error, MOLT_INVALID,
                          "%s has a damaged %s table. Build the game again from clean.", name,
                          MOLT_MODULE_SYMBOL);
    }
    MoltError inner = {0};
    MoltStatus status = make_schema(module->tables, routed, out, &inner);
    return status == MOLT_OK
               ? MOLT_OK
               : molt_error(error, status, "The type metadata in %s cannot be used: %s", name,
                            inner.text);
}
