#include "metadata.h"

#include <string.h>

#include "allocation_table.h"
#include "constants.h"
#include "image_types.h"
#include "kept_globals.h"
#include "output.h"
#include "split_texts.h"

typedef unsigned long long Wide;

/* ---- self-check ------------------------------------------------------------------------------ */

/* The first member that C can name in a field: a group "<<x,y>,i>" stands for anonymous members. */
static const char *first_member(MoltArena *arena, const char *name)
{
    name += strspn(name, "<");
    return molt__arena_copy(arena, name, strcspn(name, ",>"));
}

/* offsetof cannot look at bit-fields, which may also come first in a group. */
static bool has_offset(const MoltSchema *schema, const MoltField *field)
{
    while (!(field->flags & MOLT_FIELD_BITS)) {
        const MoltType *type = molt_type(schema, field->type);
        if (molt_string(schema, field->name)[0] != '<' || type->count == 0) {
            return true;
        }
        field = &schema->tables.fields[type->first];
    }
    return false;
}

static void add_check(MoltText *text, const MoltSchema *schema, const MoltUnitCheck *check)
{
    MoltTypeId id = molt_schema_find(schema, check->type);
    if (id == MOLT_NO_TYPE) {
        return;
    }
    const MoltType *type = molt_type(schema, id);
    molt__text_add(text,
                   "_Static_assert(sizeof(%s) == %llu && _Alignof(%s) == %u,\n"
                   "               \"%s: this compiler lays it out differently\");\n",
                   check->spelling, (Wide)type->size, check->spelling, type->align, check->type);
    for (uint32_t i = type->first; i < type->first + type->count && !check->system; i++) {
        const MoltField *field = &schema->tables.fields[i];
        if (!has_offset(schema, field)) {
            continue;
        }
        const char *name = molt_string(schema, field->name);
        const char *member = first_member(text->arena, name);
        molt__text_add(text, "_Static_assert(offsetof(%s, %s) == %llu", check->spelling, member,
                       (Wide)field->bit_offset / 8);
        const MoltType *held = molt_type(schema, field->type);
        bool flexible = held->kind == MOLT_KIND_ARRAY && (held->flags & MOLT_TYPE_FLEXIBLE) != 0;
        if (*name != '<') {
            molt__text_add(text, " && sizeof(((%s *)0)->%s%s) == %llu", check->spelling, member,
                           flexible ? "[0]" : "",
                           (Wide)(flexible ? molt_type(schema, held->elem)->size : held->size));
        }
        molt__text_add(text, ",\n               \"%s.%s\");\n", check->type, member);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void add_types(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltType types[] = {\n");
    for (uint32_t i = 0; i < schema->tables.type_count; i++) {
        const MoltType *type = molt_type(schema, i);
        molt__text_add(text,
                       "    /* %u: %s */\n"
                       "    {.name = %u, .kind = %u, .flags = %u, .size = %lluu, .align = %u, "
                       ".elem = %uu,\n"
                       "     .length = %lluu, .first = %u, .count = %u, .note_first = %u, "
                       ".note_count = %u,\n"
                       "     .file = %u, .line = %u, .hash = 0x%016llxu},\n",
                       i, molt_type_name(schema, i), type->name, type->kind, type->flags,
                       (Wide)type->size, type->align, type->elem, (Wide)type->length, type->first,
                       type->count, type->note_first, type->note_count, type->file, type->line,
                       (Wide)type->hash);
    }
    molt__text_add(text, "};\n\n");
}

static void add_fields(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltField fields[] = {\n");
    for (uint32_t i = 0; i < schema->tables.field_count; i++) {
        const MoltField *field = &schema->tables.fields[i];
        molt__text_add(text,
                       "    /* %s */ {.name = %u, .type = %u, .bit_offset = %lluu, "
                       ".bit_width = %u,\n"
                       "     .flags = %u, .note_first = %u, .note_count = %u, .line = %u},\n",
                       molt_string(schema, field->name), field->name, field->type,
                       (Wide)field->bit_offset, field->bit_width, field->flags, field->note_first,
                       field->note_count, field->line);
    }
    molt__text_add(text, "};\n\n");
}

static void add_enumerators(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltEnumerator enumerators[] = {\n");
    for (uint32_t i = 0; i < schema->tables.enumerator_count; i++) {
        const MoltEnumerator *enumerator = &schema->tables.enumerators[i];
        molt__text_add(text,
                       "    /* %s */ {.name = %u, .flags = %u, .value = %lluu, .note_first = %u, "
                       ".note_count = %u},\n",
                       molt_string(schema, enumerator->name), enumerator->name, enumerator->flags,
                       (Wide)enumerator->value, enumerator->note_first, enumerator->note_count);
    }
    molt__text_add(text, "};\n\n");
}

static void add_refs(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltTypeId refs[] = {");
    for (uint32_t i = 0; i < schema->tables.ref_count; i++) {
        molt__text_add(text, "%s%uu,", i % 12 == 0 ? "\n    " : " ", schema->tables.refs[i]);
    }
    molt__text_add(text, "\n};\n\n");
}

static void add_notes(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltNote notes[] = {\n");
    for (uint32_t i = 0; i < schema->tables.note_count; i++) {
        const MoltNote *note = &schema->tables.notes[i];
        molt__text_add(text,
                       "    {.kind = %u, .text = %u, .constant = %u, .constant_size = %u},\n",
                       note->kind, note->text, note->constant, note->constant_size);
    }
    molt__text_add(text, "};\n\n");
}

static void add_roots(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltRoot roots[] = {\n");
    for (uint32_t i = 0; i < schema->tables.root_count; i++) {
        const MoltRoot *root = &schema->tables.roots[i];
        molt__text_add(text, "    {.name = %u, .type = %u},\n", root->name, root->type);
    }
    molt__text_add(text, "};\n\n");
}

static void add_spellings(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const MoltSpelling spellings[] = {\n");
    for (uint32_t i = 0; i < schema->tables.spelling_count; i++) {
        const MoltSpelling *spelling = &schema->tables.spellings[i];
        molt__text_add(text, "    {.text = %u, .type = %u}, /* %s */\n", spelling->text,
                       spelling->type, molt_string(schema, spelling->text));
    }
    molt__text_add(text, "};\n\n");
}

static void add_constants(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "static const unsigned char constants[] = {");
    for (uint32_t i = 0; i < schema->tables.constant_size; i++) {
        molt__text_add(text, "%s0x%02x,", i % 16 == 0 ? "\n    " : " ",
                       schema->tables.constants[i]);
    }
    molt__text_add(text, "\n};\n\n");
}

/* One literal in many pieces: readable, and without a terminator between the pieces of its own. */
static void add_strings(MoltText *text, const MoltSchema *schema)
{
    molt__text_add(text, "/* C need not take literals of this length; gcc and clang do. */\n"
                         "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
                         "static const char strings[] =\n");
    const char *pool = schema->tables.strings;
    uint32_t size = schema->tables.string_size;
    for (uint32_t offset = 0; offset < size;) {
        uint32_t next = offset + (uint32_t)strlen(pool + offset) + 1;
        molt__text_add(text, "    /* %u */ ", offset);
        molt__text_add_literal(text, pool + offset);
        molt__text_add(text, "%s\n", next < size ? " \"\\0\"" : ";");
        offset = next;
    }
    molt__text_add(text, "\n");
}

/* ---- the module ------------------------------------------------------------------------------ */

static void add_table_entry(MoltText *text, const char *member, const char *table, uint32_t count)
{
    molt__text_add(text, "    .%s = %s,\n", member, count > 0 ? table : "0");
}

static void add_tables(MoltText *text, const MoltSchema *schema)
{
    const MoltTables *t = &schema->tables;
    molt__text_add(text, "static const MoltTables tables = {\n"
                         "    .size = sizeof(MoltTables),\n    .version = MOLT_META_VERSION,\n");
    molt__text_add(text,
                   "    .abi = {.pointer_size = %u, .long_size = %u, .char_signed = %u, "
                   ".little_endian = %u, .max_align = %u},\n",
                   t->abi.pointer_size, t->abi.long_size, t->abi.char_signed,
                   t->abi.little_endian, t->abi.max_align);
    molt__text_add(text, "    .hash = {.low = 0x%016llxu, .high = 0x%016llxu},\n",
                   (Wide)t->hash.low, (Wide)t->hash.high);
    molt__text_add(text,
                   "    .type_count = %u, .field_count = %u, .enumerator_count = %u, "
                   ".ref_count = %u,\n"
                   "    .note_count = %u, .root_count = %u, .spelling_count = %u,\n"
                   "    .constant_size = %u, .string_size = %u,\n",
                   t->type_count, t->field_count, t->enumerator_count, t->ref_count, t->note_count,
                   t->root_count, t->spelling_count, t->constant_size, t->string_size);
    add_table_entry(text, "types", "types", t->type_count);
    add_table_entry(text, "fields", "fields", t->field_count);
    add_table_entry(text, "enumerators", "enumerators", t->enumerator_count);
    add_table_entry(text, "refs", "refs", t->ref_count);
    add_table_entry(text, "notes", "notes", t->note_count);
    add_table_entry(text, "roots", "roots", t->root_count);
    add_table_entry(text, "spellings", "spellings", t->spelling_count);
    add_table_entry(text, "constants", "constants", t->constant_size);
    molt__text_add(text, "    .strings = strings,\n};\n\n");
}

static void add_hook_codes(MoltText *text, const MoltUnit *library)
{
    molt__text_add(text, "static const MoltHookCode hook_codes[] = {\n");
    for (uint32_t i = 0; i < library->hook_count; i++) {
        molt__text_add(text, "    {.type = %u, .code = 0x%016llxu}, /* %s */\n",
                       molt_schema_find(library->schema, library->hooks[i].type),
                       (Wide)library->hooks[i].code, library->hooks[i].type);
    }
    molt__text_add(text, "};\n\n");
}

static void add_module(MoltText *text, const MoltUnit *library, bool allocates,
                       uint32_t constants, uint32_t apart)
{
    molt__text_add(
        text, "const MoltHeapApi *molt__heap;\n\n"
              "/* The linker defines both of a pair when an object of the library holds one. */\n"
              "extern MoltSite __start_molt_sites[] "
              "__attribute__((weak, visibility(\"hidden\")));\n"
              "extern MoltSite __stop_molt_sites[] "
              "__attribute__((weak, visibility(\"hidden\")));\n"
              "extern MoltHook __start_molt_hooks[] "
              "__attribute__((weak, visibility(\"hidden\")));\n"
              "extern MoltHook __stop_molt_hooks[] "
              "__attribute__((weak, visibility(\"hidden\")));\n\n"
              "extern const MoltModule molt_module __attribute__((visibility(\"default\")));\n"
              "const MoltModule molt_module = {\n"
              "    .size = sizeof(MoltModule),\n"
              "    .version = MOLT_META_VERSION,\n"
              "    .tables = &tables,\n"
              "    .heap = &molt__heap,\n"
              "    .sites = __start_molt_sites,\n"
              "    .sites_end = __stop_molt_sites,\n"
              "    .generator = \"" MOLT_CODEGEN_GENERATOR "\",\n"
              "    .compiler = __VERSION__,\n"
              "    .hooks = __start_molt_hooks,\n"
              "    .hooks_end = __stop_molt_hooks,\n");
    molt__text_add(text, "    .sources =");
    for (uint32_t i = 0; i < library->source_count; i++) {
        molt__text_add(text, "\n        ");
        molt__text_add_literal(text, library->sources[i]);
        molt__text_add(text, " \"\\0\"");
    }
    molt__text_add(text, "%s,\n", library->source_count == 0 ? " \"\"" : "");
    if (allocates) {
        molt__text_add(text,
                       "    .allocations = allocations,\n"
                       "    .allocation_text = allocation_text,\n"
                       "    .allocation_count = %u,\n",
                       library->allocation_count);
    }
    if (constants > 0) {
        molt__text_add(text,
                       "    .constants = named_constants,\n"
                       "    .constant_keys = constant_keys,\n"
                       "    .constant_text = constant_text,\n"
                       "    .constant_count = %u,\n",
                       constants);
    }
    if (apart > 0) {
        molt__text_add(text,
                       "    .apart_types = apart_types,\n"
                       "    .apart_count = %u,\n",
                       apart);
    }
    if (library->hook_count > 0) {
        molt__text_add(text,
                       "    .hook_codes = hook_codes,\n"
                       "    .hook_code_count = %u,\n",
                       library->hook_count);
    }
    if (library->split_text_count > 0) {
        molt__text_add(text,
                       "    .split_texts = split_texts,\n"
                       "    .split_text_sizes = split_text_sizes,\n"
                       "    .split_text_count = %u,\n",
                       library->split_text_count);
    }
    molt__text_add(text, "};\n");
}

static void add_head(MoltText *text, const MoltUnit *library)
{
    molt__text_add(text, "/* Written by " MOLT_CODEGEN_GENERATOR "; changes are lost. */\n\n");
    for (uint32_t i = 0; i < library->header_count; i++) {
        molt__text_add(text, "#include \"%s\"\n", library->headers[i]);
    }
    molt__text_add(text,
                   "#include <stddef.h>\n\n#include <molt/meta.h>\n\n"
                   "#if MOLT_META_VERSION != %u\n"
                   "#error \"metadata for another version of Molt: run molt-codegen again\"\n"
                   "#endif\n\n",
                   MOLT_META_VERSION);
}

const char *molt__metadata_write(MoltArena *arena, const MoltUnit *library)
{
    const MoltSchema *schema = library->schema;
    MoltText text = {.arena = arena};
    add_head(&text, library);
    for (uint32_t i = 0; i < library->check_count; i++) {
        add_check(&text, schema, &library->checks[i]);
    }
    molt__text_add(&text, "\n");
    if (schema->tables.type_count > 0) {
        add_types(&text, schema);
    }
    if (schema->tables.field_count > 0) {
        add_fields(&text, schema);
    }
    if (schema->tables.enumerator_count > 0) {
        add_enumerators(&text, schema);
    }
    if (schema->tables.ref_count > 0) {
        add_refs(&text, schema);
    }
    if (schema->tables.note_count > 0) {
        add_notes(&text, schema);
    }
    if (schema->tables.root_count > 0) {
        add_roots(&text, schema);
    }
    if (schema->tables.spelling_count > 0) {
        add_spellings(&text, schema);
    }
    if (schema->tables.constant_size > 0) {
        add_constants(&text, schema);
    }
    add_strings(&text, schema);
    add_tables(&text, schema);
    bool allocates = molt__allocations_write(&text, library);
    uint32_t constants = molt__constants_write(&text, library);
    uint32_t apart = molt__image_types_write(&text, library);
    if (library->hook_count > 0) {
        add_hook_codes(&text, library);
    }
    molt__kept_globals_write(&text, library);
    molt__split_texts_write(&text, library);
    add_module(&text, library, allocates, constants, apart);
    return text.bytes;
}
