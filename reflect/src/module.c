/* Binding: a library's allocation sites and the types they allocate. */
#include "molt/heap.h"

static MoltStatus check_site(const MoltSite *site, const MoltSchema *schema, MoltTypeId *type,
                             MoltError *error)
{
    *type = molt_schema_find_spelling(schema, site->spelling);
    if (*type == MOLT_NO_TYPE)
        return molt_error(
            error, MOLT_INVALID,
            "%s:%u: molt_new(%s) allocates a type that the library's metadata does not "
            "know. The metadata is older than this source: generate it again.",
            site->file, site->line, site->spelling);
    const MoltType *layout = molt_type(schema, *type);
    if (layout->size != site->size || layout->align < site->align)
        return molt_error(error, MOLT_INVALID,
                          "%s:%u: molt_new(%s) was compiled with %llu bytes aligned to %u, but the "
                          "metadata says %llu bytes aligned to %u. The object file or the metadata "
                          "is stale: build the library again.",
                          site->file, site->line, site->spelling, (unsigned long long)site->size,
                          site->align, (unsigned long long)layout->size, layout->align);
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
    for (MoltSite *site = module->sites; site != module->sites_end; site++)
        site->type = molt_schema_find_spelling(schema, site->spelling);
    return MOLT_OK;
}
