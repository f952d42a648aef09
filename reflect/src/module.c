/* Binding: a library's allocation sites and hooks, and the types that they are for. */
#include <string.h>

#include "molt/heap.h"

/* Whether one path ends in the other, component by component: compilers and the generator name a
 * file from different folders. Steps such as "../" at the front say nothing. */
static bool is_same_file(const char *a, size_t a_length, const char *b)
{
    while (strncmp(b, "../", 3) == 0 || strncmp(b, "./", 2) == 0)
        b = strchr(b, '/') + 1;
    size_t b_length = strlen(b);
    size_t both = a_length < b_length ? a_length : b_length;
    if (strncmp(a + a_length - both, b + b_length - both, both) != 0)
        return false;
    const char *longer = a_length > both ? a + a_length - both : b + b_length - both;
    return a_length == b_length || longer[-1] == '/';
}

/* "ground.c:Cell" for what spells "Cell" in ground.c; the longest path that fits. */
static MoltTypeId find_in_file(const MoltSchema *schema, const char *spelling, const char *file)
{
    size_t spelled = strlen(spelling), best = 0;
    MoltTypeId found = MOLT_NO_TYPE;
    for (uint32_t i = 0; i < schema->tables.spelling_count; i++) {
        const char *text = molt_string(schema, schema->tables.spellings[i].text);
        size_t length = strlen(text);
        if (length <= spelled + 1 || strcmp(text + length - spelled, spelling) != 0 ||
            text[length - spelled - 1] != ':')
            continue;
        size_t path = length - spelled - 1;
        if (path > best && is_same_file(text, path, file)) {
            best = path;
            found = schema->tables.spellings[i].type;
        }
    }
    return found;
}

static MoltTypeId find_type(const MoltSchema *schema, const char *spelling, const char *file)
{
    MoltTypeId found = molt_schema_find_spelling(schema, spelling);
    return found != MOLT_NO_TYPE ? found : find_in_file(schema, spelling, file);
}

static MoltStatus check_site(const MoltSite *site, const MoltSchema *schema, MoltTypeId *type,
                             MoltError *error)
{
    *type = find_type(schema, site->spelling, site->file);
    if (*type == MOLT_NO_TYPE)
        return molt_error(
            error, MOLT_INVALID,
            "%s:%u: molt_new(%s) allocates a type that the library's metadata does not "
            "know. The metadata is older than this source: generate it again.",
            site->file, site->line, site->spelling);
    const MoltType *layout = molt_type(schema, *type);
    const MoltField *tail = molt_schema_tail(schema, *type);
    uint64_t element = tail ? molt_type(schema, molt_type(schema, tail->type)->elem)->size : 0;
    if (element != site->element)
        return molt_error(error, MOLT_INVALID,
                          "%s:%u: the allocation of %s was compiled with %u bytes for an element of "
                          "its flexible array, but the metadata says %llu. The object file or the "
                          "metadata is stale: build the library again.",
                          site->file, site->line, site->spelling, site->element,
                          (unsigned long long)element);
    if (layout->size != site->size || layout->align < site->align)
        return molt_error(error, MOLT_INVALID,
                          "%s:%u: molt_new(%s) was compiled with %llu bytes aligned to %u, but the "
                          "metadata says %llu bytes aligned to %u. The object file or the metadata "
                          "is stale: build the library again.",
                          site->file, site->line, site->spelling, (unsigned long long)site->size,
                          site->align, (unsigned long long)layout->size, layout->align);
    return MOLT_OK;
}

static MoltStatus check_hook(const MoltModule *module, const MoltHook *hook,
                             const MoltSchema *schema, MoltError *error)
{
    MoltTypeId type = find_type(schema, hook->spelling, hook->file);
    if (type == MOLT_NO_TYPE || molt_type(schema, type)->kind != MOLT_KIND_STRUCT ||
        molt_type(schema, type)->size != hook->size)
        return molt_error(error, MOLT_INVALID,
                          "%s:%u: MOLT_MIGRATE(%s) was compiled for another layout than the metadata "
                          "has. The object file or the metadata is stale: build the library again.",
                          hook->file, hook->line, hook->spelling);
    for (const MoltHook *other = module->hooks; other != hook; other++) {
        bool same = other->line == hook->line && strcmp(other->file, hook->file) == 0;
        if (find_type(schema, other->spelling, other->file) == type && !same)
            return molt_error(error, MOLT_INVALID,
                              "%s:%u: a second MOLT_MIGRATE(%s); the first is at %s:%u. Put what both "
                              "do into one.",
                              hook->file, hook->line, hook->spelling, other->file, other->line);
    }
    return MOLT_OK;
}

MoltStatus molt_module_bind(const MoltModule *module, const MoltSchema *schema, MoltError *error)
{
    MoltTypeId type;
    for (const MoltSite *site = module->sites; site != module->sites_end; site++) {
        MoltStatus status = check_site(site, schema, &type, error);
        if (status != MOLT_OK)
            return status;
    }
    for (const MoltHook *hook = module->hooks; hook != module->hooks_end; hook++) {
        MoltStatus status = check_hook(module, hook, schema, error);
        if (status != MOLT_OK)
            return status;
    }
    for (MoltHook *hook = module->hooks; hook != module->hooks_end; hook++) {
        hook->type = find_type(schema, hook->spelling, hook->file);
        for (uint32_t c = 0; c < module->hook_code_count; c++) {
            if (module->hook_codes[c].type == hook->type)
                hook->code = module->hook_codes[c].code;
        }
    }
    for (MoltSite *site = module->sites; site != module->sites_end; site++)
        site->type = find_type(schema, site->spelling, site->file);
    return MOLT_OK;
}
