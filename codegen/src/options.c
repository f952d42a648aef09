#include "options.h"

#include <stdbool.h>
#include <string.h>

const char molt__options_help[] =
    "molt-codegen: type metadata of a C game for Molt\n"
    "\n"
    "  molt-codegen [options] SOURCE... [-- FLAGS...]     sources to metadata and schema\n"
    "  molt-codegen --unit SOURCE -o UNIT [options]       one source to a unit\n"
    "  molt-codegen --link UNIT... [options]              units to metadata and schema\n"
    "  molt-codegen --root TYPE HEADER... --schema FILE [-- FLAGS...]\n"
    "                                                     types of any C program to a schema\n"
    "  molt-codegen --old-header SCHEMA --type STRUCT -o FILE\n"
    "                                                     a recorded layout as a C header\n"
    "  molt-codegen --suggest OLD NEW [OLD_USAGE NEW_USAGE]\n"
    "                                                     of two schemas, what looks renamed\n"
    "\n"
    "  -p DIR            take the compiler's flags from DIR/compile_commands.json\n"
    "  -- FLAGS...       or take these\n"
    "  --object-dir DIR  of several commands for a source, take the one that writes below DIR\n"
    "  --base DIR        record file names relative to DIR (default: the current directory)\n"
    "  --metadata FILE   write the metadata as C\n"
    "  --schema FILE     write the schema as JSON\n"
    "  --usage FILE      write where the code uses which member, for --suggest and for what a reload\n"
    "                    says of members that vanish; when the schema changes, schema and usage of\n"
    "                    before are kept as FILE.before\n"
    "  --json-schema FILE  write a JSON Schema of the dumps of the state\n"
    "  -o FILE           write the unit, or the header\n"
    "  --depfile FILE    write a make rule with everything that was read\n"
    "  --depfile-target NAME\n"
    "                    what the rule is for (default: the first output)\n"
    "  --stamp FILE      touch FILE on success; it becomes the target of the make rule\n"
    "  --cache DIR       keep units there and read again only sources for which something changed\n"
    "  --root TYPE       make a schema of TYPE (Ant, \"struct Ant\") and all it reaches; HEADER is a\n"
    "                    C header or source that defines it and needs no MOLT_ROOT (repeatable)\n"
    "  --all-records     make a schema of every struct and union that the sources see; what no\n"
    "                    reload could carry stands in it as bytes\n"
    "  --type STRUCT     declare STRUCT_old, with what it holds, in the header (repeatable)\n"
    "  --known FILE      a recorded schema; earlier names (MOLT_WAS) must be known (repeatable)\n"
    "  --help, --version\n"
    "\n"
    "Outputs are replaced only when their content changes; what is no file, as a device, is written to,\n"
    "and - is standard output.\n"
    "Exit: 0 done, 1 refused, 2 wrong usage.\n";

static void add(MoltArena *arena, const char ***items, uint32_t *count, uint32_t *capacity,
                const char *item)
{
    *items = molt__arena_grow(arena, *items, *count, capacity, sizeof **items);
    (*items)[(*count)++] = item;
}

static bool is_among(const char *const *items, uint32_t count, const char *item)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(items[i], item) == 0) {
            return true;
        }
    }
    return false;
}

/* Where the word after an option goes, or NULL when it is no such option. */
static const char **word_of(MoltOptions *out, const char *option)
{
    const struct {
        const char *option;
        const char **word;
    } words[] = {
        {"-p", &out->build_dir},        {"--base", &out->base},
        {"--object-dir", &out->object_dir}, {"--metadata", &out->metadata},
        {"--schema", &out->schema},     {"-o", &out->unit},
        {"--json-schema", &out->json_schema}, {"--usage", &out->usage},
        {"--depfile", &out->depfile},   {"--stamp", &out->stamp},
        {"--depfile-target", &out->depfile_target},
        {"--cache", &out->cache},       {"--old-header", &out->old_schema},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(option, words[i].option) == 0) {
            return words[i].word;
        }
    }
    return NULL;
}

static const char *check(const MoltOptions *out)
{
    if (out->mode == MOLT_MODE_HELP || out->mode == MOLT_MODE_VERSION) {
        return NULL;
    }
    if (out->old_schema != NULL) {
        bool good = out->mode == MOLT_MODE_OLD && out->input_count == 0 && out->type_count > 0 &&
                    out->unit != NULL;
        return good ? NULL : "--old-header takes a schema, --type and -o, and no sources";
    }
    if (out->mode == MOLT_MODE_SUGGEST) {
        bool good = out->input_count == 2 || out->input_count == 4;
        return good ? NULL : "--suggest takes two schemas, and two usages where there are some";
    }
    if (out->type_count > 0) {
        return "--type belongs to --old-header";
    }
    if (out->input_count == 0) {
        return "no input files";
    }
    if (out->mode == MOLT_MODE_UNIT && (out->input_count != 1 || out->unit == NULL)) {
        return "--unit takes one source and -o";
    }
    if (out->mode != MOLT_MODE_UNIT && out->unit != NULL) {
        return "-o belongs to --unit; use --metadata and --schema";
    }
    if (out->mode == MOLT_MODE_UNIT &&
        (out->metadata != NULL || out->schema != NULL || out->json_schema != NULL)) {
        return "--unit writes no metadata; use --link";
    }
    if (out->usage != NULL && (out->mode == MOLT_MODE_UNIT || out->schema == NULL)) {
        return "--usage goes with --schema";
    }
    if (out->mode != MOLT_MODE_WHOLE && out->cache != NULL) {
        return "--cache is for sources to metadata; --unit and --link keep units themselves";
    }
    if (out->stamp != NULL && strcmp(out->stamp, "-") == 0) {
        return "--stamp touches a file";
    }
    bool wanted = out->root_count > 0 || out->all_records;
    if (wanted && (out->mode != MOLT_MODE_WHOLE || out->metadata != NULL || out->cache != NULL)) {
        return "--root and --all-records take sources and write a schema only";
    }
    if (wanted && out->schema == NULL && out->json_schema == NULL) {
        return "--root and --all-records write a schema; name it with --schema FILE";
    }
    if (out->mode != MOLT_MODE_LINK && out->build_dir == NULL && out->flags == NULL && !wanted) {
        return "give the compiler's flags: -p DIR or -- FLAGS...";
    }
    if (out->build_dir != NULL && out->flags != NULL) {
        return "give either -p DIR or -- FLAGS..., not both";
    }
    if (out->depfile_target != NULL && out->depfile == NULL) {
        return "--depfile-target goes with --depfile";
    }
    if (out->depfile != NULL && out->stamp == NULL && out->unit == NULL &&
        out->metadata == NULL && out->schema == NULL && out->json_schema == NULL) {
        return "--depfile needs an output to be the rule's target";
    }
    return NULL;
}

const char *molt__options_parse(MoltArena *arena, int argc, char *const *argv, MoltOptions *out)
{
    *out = (MoltOptions){0};
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        const char **word = word_of(out, option);
        bool known = strcmp(option, "--known") == 0, root = strcmp(option, "--root") == 0;
        bool type = strcmp(option, "--type") == 0;
        if (strcmp(option, "--") == 0) {
            out->flags = argv + i + 1;
            out->flag_count = argc - i - 1;
            break;
        }
        if (word != NULL || known || root || type) {
            if (i + 1 >= argc) {
                return molt__arena_format(arena, "%s needs a word after it", option);
            }
            i++;
            if (known) {
                add(arena, &out->known, &out->known_count, &out->known_capacity, argv[i]);
            } else if (root && !is_among(out->roots, out->root_count, argv[i])) {
                add(arena, &out->roots, &out->root_count, &out->root_capacity, argv[i]);
            } else if (root) {
                continue; /* asked for twice */
            } else if (type) {
                add(arena, &out->types, &out->type_count, &out->type_capacity, argv[i]);
            } else {
                *word = argv[i];
                out->mode = word == &out->old_schema ? MOLT_MODE_OLD : out->mode;
            }
        } else if (strcmp(option, "--all-records") == 0) {
            out->all_records = true;
        } else if (strcmp(option, "--unit") == 0) {
            out->mode = MOLT_MODE_UNIT;
        } else if (strcmp(option, "--suggest") == 0) {
            out->mode = MOLT_MODE_SUGGEST;
        } else if (strcmp(option, "--link") == 0) {
            out->mode = MOLT_MODE_LINK;
        } else if (strcmp(option, "--help") == 0) {
            out->mode = MOLT_MODE_HELP;
            return NULL;
        } else if (strcmp(option, "--version") == 0) {
            out->mode = MOLT_MODE_VERSION;
            return NULL;
        } else if (option[0] == '-') {
            return molt__arena_format(arena, "unknown option '%s'", option);
        } else {
            add(arena, &out->inputs, &out->input_count, &out->input_capacity, option);
        }
    }
    return check(out);
}
