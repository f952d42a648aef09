#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <molt/dump_schema.h>

#include "link.h"
#include "member_use.h"
#include "metadata.h"
#include "old_header.h"
#include "options.h"
#include "output.h"
#include "path.h"
#include "prelude.h"
#include "prelude_maker.h"
#include "resident.h"
#include "suggest.h"
#include "together.h"
#include "unit_cache.h"
#include "unit_reader.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/* A source that was read in this run. */
typedef struct Read {
    MoltCommand command;
    struct timespec started;
    bool known;  /* what is to be done with it */
    bool cached; /* taken from the cache instead */
    bool kept;   /* the unit is that of the process, not of the run */
    MoltPrelude prelude; /* without a path: parsed without */
    bool read;           /* together with others */
} Read;

/* One run. Nothing is written before everything was read and found good. */
typedef struct Run {
    MoltArena *arena;
    MoltOptions options;
    MoltDiagnostics diagnostics;
    MoltSchema **known;
    MoltUnit *units; /* one per input */
    Read *reads;     /* one per input */
    MoltUnitCache cache;
    MoltPreludes preludes;
    MoltCommandList commands;
    MoltWanted wanted;
    MoltUnit library;
    MoltUnitMemory *memory; /* of the process; NULL: it ends with the run */
    const char *directory; /* where the run was started */
    const char *target; /* of the depfile's rule; NULL without outputs */
    MoltOutput outputs[8];
    uint32_t output_count;
} Run;

static void refuse(Run *run, const char *file, const char *message)
{
    molt__refuse(&run->diagnostics, (MoltPlace){.file = file, .line = file == NULL ? 0 : 1}, NULL,
                 "%s", message);
}

static void add_output(Run *run, const char *path, const char *content)
{
    if (path != NULL && content != NULL) {
        run->outputs[run->output_count++] = (MoltOutput){path, content};
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "-" is standard output, and what is no file may be reached by a link that leads to no name. */
static bool is_no_path(const char *name)
{
    struct stat there;
    return strcmp(name, "-") == 0 || (name[0] == '/' && stat(name, &there) == 0 &&
                                      !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode));
}

static void make_absolute(MoltArena *arena, const char **name)
{
    if (*name != NULL && !is_no_path(*name)) {
        *name = molt__path_real(arena, NULL, *name);
    }
}

/* libclang works in the folder of the compile command, and the whole process with it: names must
 * not depend on where it is. The rule in the depfile keeps the target as the build tool spells
 * it. */
static void fix_names(Run *run)
{
    MoltOptions *options = &run->options;
    run->directory = molt__path_real(run->arena, NULL, ".");
    run->target = options->depfile_target != NULL ? options->depfile_target
                  : options->stamp != NULL    ? options->stamp
                  : options->unit != NULL     ? options->unit
                  : options->metadata != NULL ? options->metadata
                  : options->schema != NULL   ? options->schema
                                              : options->json_schema;
    const char **const single[] = {&options->build_dir, &options->metadata, &options->schema,
                                   &options->unit,      &options->depfile,  &options->stamp,
                                   &options->cache,     &options->json_schema,
                                   &options->old_schema, &options->usage};
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        make_absolute(run->arena, single[i]);
    }
    options->base = molt__path_real(run->arena, NULL, options->base == NULL ? "." : options->base);
    for (uint32_t i = 0; i < options->input_count; i++) {
        make_absolute(run->arena, &options->inputs[i]);
    }
    for (uint32_t i = 0; i < options->known_count; i++) {
        make_absolute(run->arena, &options->known[i]);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_known(Run *run)
{
    uint32_t count = run->options.known_count;
    run->known = molt__arena_alloc(run->arena, count * sizeof *run->known);
    for (uint32_t i = 0; i < count; i++) {
        const char *path = run->options.known[i];
        MoltError error = {0};
        size_t length = 0;
        const char *text = molt__output_read(run->arena, path, &length);
        if (text == NULL) {
            refuse(run, path, strerror(errno));
        } else if (molt_schema_from_json(text, length, NULL, &run->known[i], &error) != MOLT_OK) {
            refuse(run, path, error.text);
        }
    }
    return run->diagnostics.count == 0;
}

static bool read_command(Run *run, const char *source, MoltCommand *out)
{
    const MoltOptions *options = &run->options;
    if (options->flags != NULL || options->build_dir == NULL) {
        molt__command_from_flags(run->arena, run->directory, options->flags, options->flag_count,
                                 out);
        return true;
    }
    bool open = run->commands.database != NULL ||
                molt__commands_open(&run->diagnostics, options->build_dir, source, &run->commands);
    return open &&
           molt__command_find(&run->diagnostics, &run->commands, source, options->object_dir, out);
}

static MoltUnitDesc describe_source(const Run *run, const char *source, const MoltCommand *command)
{
    return (MoltUnitDesc){.source = source,
                          .base = run->options.base,
                          .command = command,
                          .known = (const MoltSchema *const *)run->known,
                          .known_count = run->options.known_count,
                          .wanted = &run->wanted};
}

/* What is known of a source before it is parsed. */
static bool prepare_source(Run *run, const char *source, Read *read, MoltUnit *out)
{
    *out = (MoltUnit){.source = source};
    if (!read_command(run, source, &read->command)) {
        return false;
    }
    if (run->options.cache != NULL &&
        molt__unit_cache_load(&run->cache, source, &read->command, out, &read->kept)) {
        read->cached = true;
        return true;
    }
    clock_gettime(CLOCK_REALTIME, &read->started);
    if (run->options.cache != NULL && !molt__is_wanted(&run->wanted) &&
        molt__prelude_find(&run->preludes, source, &read->command, &read->prelude) !=
            MOLT_PRELUDE_FOUND) {
        read->prelude.path = NULL;
    }
    return true;
}

static bool read_source(Run *run, const char *source, Read *read, MoltUnit *out)
{
    MoltUnitDesc desc = describe_source(run, source, &read->command);
    if (read->prelude.path != NULL) {
        desc.prelude = &read->prelude;
    }
    return molt__unit_from_source(&run->diagnostics, &desc, out);
}

/* ---- reading together ------------------------------------------------------------------------ */

/* Sources of one group, and which inputs they are. */
typedef struct Group {
    MoltJointSource *sources;
    uint32_t *inputs, count;
} Group;

/* Those with a prelude that are not in the cache. */
static Group collect_sources(Run *run)
{
    uint32_t count = run->options.input_count;
    Group all = {molt__arena_alloc(run->arena, count * sizeof *all.sources),
                 molt__arena_alloc(run->arena, count * sizeof *all.inputs), 0};
    for (uint32_t i = 0; i < count; i++) {
        const Read *read = &run->reads[i];
        if (!read->cached && read->prelude.path != NULL) { /* which needs a command */
            all.inputs[all.count] = i;
            all.sources[all.count++] =
                (MoltJointSource){run->options.inputs[i], &read->command, &read->prelude};
        }
    }
    return all;
}

/* Whatever cannot be read in this way is read alone, and refused then if it must be. */
static bool read_group(Run *run, const Group *group)
{
    MoltJoint joint = {0};
    if (molt__joint_base(group->sources, group->count) < 0) {
        return true; /* the one with the prelude is not to be read */
    }
    bool good = molt__joint_open(&joint, &run->preludes, group->sources, group->count);
    for (uint32_t i = 0; good && i < group->count; i++) {
        uint32_t input = group->inputs[i];
        MoltDiagnostics ignored = {.arena = run->arena};
        MoltUnitDesc desc =
            describe_source(run, run->options.inputs[input], &run->reads[input].command);
        desc.prelude = &run->reads[input].prelude;
        desc.whole = &joint.unit;
        desc.strict = true;
        run->reads[input].read = molt__unit_from_source(&ignored, &desc, &run->units[input]);
        if (!run->reads[input].read) {
            molt__unit_release(&run->units[input]);
        }
    }
    molt__joint_close(&joint);
    return good;
}

/* False when some were to be read together and could not. */
static bool read_together(Run *run)
{
    Group all = collect_sources(run);
    const int *groups = molt__together_read(&run->preludes, all.sources, all.count);
    bool good = true;
    for (uint32_t i = 0; i < all.count; i++) {
        Group group = {molt__arena_alloc(run->arena, all.count * sizeof *group.sources),
                       molt__arena_alloc(run->arena, all.count * sizeof *group.inputs), 0};
        for (uint32_t k = i; k < all.count && groups[i] >= 0 && !run->reads[all.inputs[i]].read;
             k++) {
            if (groups[k] == groups[i]) {
                group.inputs[group.count] = all.inputs[k];
                group.sources[group.count++] = all.sources[k];
            }
        }
        bool first = group.count > 1;
        for (uint32_t k = 0; k < i; k++) {
            first = first && groups[k] != groups[i];
        }
        good = (!first || read_group(run, &group)) && good;
    }
    return good;
}

static void describe_cache(Run *run)
{
    const MoltOptions *options = &run->options;
    run->cache = (MoltUnitCache){.arena = run->arena,
                                 .folder = options->cache,
                                 .base = options->base,
                                 .known = options->known,
                                 .known_count = options->known_count,
                                 .memory = run->memory};
    run->preludes = (MoltPreludes){.cache = &run->cache};
}

static bool read_inputs(Run *run)
{
    const MoltOptions *options = &run->options;
    run->units = molt__arena_alloc(run->arena, options->input_count * sizeof *run->units);
    run->reads = molt__arena_alloc(run->arena, options->input_count * sizeof *run->reads);
    describe_cache(run);
    bool good = true, linking = options->mode == MOLT_MODE_LINK;
    for (uint32_t i = 0; i < options->input_count; i++) {
        const char *name = options->inputs[i];
        run->reads[i].known =
            linking ? molt__unit_read(&run->diagnostics, name, &run->units[i])
                    : prepare_source(run, name, &run->reads[i], &run->units[i]);
        good = run->reads[i].known && good;
    }
    if (linking) {
        return good;
    }
    bool together = options->cache == NULL || read_together(run);
    for (uint32_t i = 0; i < options->input_count; i++) {
        Read *read = &run->reads[i];
        good = (!read->known || read->cached || read->read ||
                read_source(run, options->inputs[i], read, &run->units[i])) &&
               good;
    }
    if (good && !together) {
        molt__together_forget(&run->preludes);
    }
    return good;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void prepare_unit(Run *run)
{
    MoltError error = {0};
    const char *text = molt__unit_write(run->arena, &run->units[0], &error);
    if (text == NULL) {
        refuse(run, NULL, error.text);
    }
    add_output(run, run->options.unit, text);
}

static void prepare_json_schema(Run *run)
{
    MoltError error = {0};
    char *text = NULL;
    if (run->options.json_schema == NULL) {
        return;
    }
    if (molt_dump_schema_json(run->library.schema, &text, &error) != MOLT_OK) {
        refuse(run, NULL, error.text);
        return;
    }
    add_output(run, run->options.json_schema, molt__arena_copy(run->arena, text, strlen(text)));
    free(text);
}

static void keep_before(Run *run, const char *path)
{
    size_t length = 0;
    add_output(run, molt__arena_format(run->arena, "%s.before", path),
               molt__output_before(run->arena, path, &length));
}

/* What the code was when the types were others is what tells which members were renamed. */
static void prepare_usage(Run *run)
{
    const MoltOptions *options = &run->options;
    size_t length = 0;
    MoltSchema *before = NULL;
    if (options->usage == NULL) {
        return;
    }
    const char *text = molt__output_before(run->arena, options->schema, &length);
    if (text != NULL && molt_schema_from_json(text, length, NULL, &before, NULL) == MOLT_OK &&
        memcmp(&before->tables.hash, &run->library.schema->tables.hash, sizeof(MoltHash)) != 0) {
        keep_before(run, options->schema);
        keep_before(run, options->usage);
    }
    molt_schema_free(before);
    const char *slash = strrchr(options->usage, '/');
    if (slash != NULL && slash > options->usage) { /* the linker, which makes it, comes later */
        mkdir(molt__arena_copy(run->arena, options->usage, (size_t)(slash - options->usage)), 0777);
    }
    add_output(run, options->usage, molt__uses_text(run->arena, &run->library));
}

static void suggest(Run *run)
{
    const char *const *inputs = run->options.inputs;
    bool usages = run->options.input_count == 4;
    const MoltSuggestDesc desc = {.old_schema = inputs[0],
                                  .new_schema = inputs[1],
                                  .old_usage = usages ? inputs[2] : NULL,
                                  .new_usage = usages ? inputs[3] : NULL};
    const char *text = molt__suggest(&run->diagnostics, &desc);
    if (text != NULL) {
        fputs(text[0] != '\0' ? text : "nothing looks renamed\n", stdout);
    }
}

static void prepare_library(Run *run)
{
    MoltError error = {0};
    char *schema = NULL;
    if (!molt__units_link(&run->diagnostics, run->units, run->options.input_count, &run->wanted,
                          &run->library)) {
        return;
    }
    if (molt_schema_to_json(run->library.schema, &schema, &error) != MOLT_OK) {
        refuse(run, NULL, error.text);
        return;
    }
    add_output(run, run->options.schema,
               molt__arena_copy(run->arena, schema, strlen(schema)));
    free(schema);
    prepare_json_schema(run);
    prepare_usage(run);
    if (run->options.metadata != NULL) {
        add_output(run, run->options.metadata,
                   molt__metadata_write(run->arena, &run->library));
    }
}

static void write_old_header(Run *run)
{
    const char *path = run->options.old_schema;
    run->options.known = &run->options.old_schema;
    run->options.known_count = 1;
    if (!read_known(run)) {
        return;
    }
    const char *error = NULL;
    add_output(run, run->options.unit,
               molt__old_header_write(&run->diagnostics, run->known[0], path, run->options.types,
                                      run->options.type_count));
    if (run->output_count > 0 &&
        !molt__output_write(run->arena, run->outputs, run->output_count, &error)) {
        refuse(run, NULL, error);
    }
}

static bool is_listed(const char *const *files, uint32_t count, const char *file)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(files[i], file) == 0) {
            return true;
        }
    }
    return false;
}

static void prepare_depfile(Run *run)
{
    const MoltOptions *options = &run->options;
    if (options->depfile == NULL) {
        return;
    }
    uint32_t total = options->known_count + options->input_count, count = 0;
    for (uint32_t i = 0; i < options->input_count; i++) {
        total += run->units[i].file_count;
    }
    const char **files = molt__arena_alloc(run->arena, total * sizeof *files);
    for (uint32_t i = 0; i < options->input_count; i++) {
        for (uint32_t k = 0; k < run->units[i].file_count; k++) {
            if (!is_listed(files, count, run->units[i].files[k])) {
                files[count++] = run->units[i].files[k];
            }
        }
        if (options->mode == MOLT_MODE_LINK) {
            files[count++] = options->inputs[i];
        }
    }
    for (uint32_t i = 0; i < options->known_count; i++) {
        files[count++] = options->known[i];
    }
    add_output(run, options->depfile, molt__output_depfile(run->arena, run->target, files, count));
}

static void keep_units(Run *run)
{
    for (uint32_t i = 0; run->options.cache != NULL && i < run->options.input_count; i++) {
        if (!run->reads[i].cached) {
            molt__unit_cache_store(&run->cache, &run->units[i], &run->reads[i].command,
                                   run->reads[i].started);
        }
    }
}

static void write_outputs(Run *run)
{
    const char *error = NULL;
    keep_units(run);
    if (!molt__output_write(run->arena, run->outputs, run->output_count, &error)) {
        refuse(run, NULL, error);
    } else if (run->options.stamp != NULL && !molt__output_stamp(run->options.stamp)) {
        refuse(run, run->options.stamp, strerror(errno));
    }
}

static void generate(Run *run)
{
    fix_names(run);
    if (run->options.mode == MOLT_MODE_OLD) {
        write_old_header(run);
        return;
    }
    if (run->options.mode == MOLT_MODE_SUGGEST) {
        suggest(run);
        return;
    }
    run->wanted = (MoltWanted){.roots = run->options.roots,
                               .root_count = run->options.root_count,
                               .all_records = run->options.all_records};
    if (!read_known(run) || !read_inputs(run)) {
        return;
    }
    if (run->options.mode == MOLT_MODE_UNIT) {
        prepare_unit(run);
    } else {
        prepare_library(run);
    }
    if (run->diagnostics.count == 0) {
        prepare_depfile(run);
        write_outputs(run);
    }
}

static void release(Run *run)
{
    for (uint32_t i = 0; run->units != NULL && i < run->options.input_count; i++) {
        if (!run->reads[i].kept) {
            molt__unit_release(&run->units[i]);
        }
    }
    for (uint32_t i = 0; run->known != NULL && i < run->options.known_count; i++) {
        molt_schema_free(run->known[i]);
    }
    molt__commands_close(&run->commands);
    molt__unit_release(&run->library);
    molt__arena_destroy(run->arena);
}

static int run_once(void *context, int argc, char **argv)
{
    Run run = {.arena = molt__arena_create(), .memory = context};
    int code = 0;
    run.diagnostics.arena = run.arena;
    const char *wrong = molt__options_parse(run.arena, argc, argv, &run.options);
    if (wrong != NULL) {
        fprintf(stderr, "molt-codegen: %s\nTry 'molt-codegen --help'.\n", wrong);
        code = EXIT_USAGE;
    } else if (run.options.mode == MOLT_MODE_HELP) {
        fputs(molt__options_help, stdout);
    } else if (run.options.mode == MOLT_MODE_VERSION) {
        puts(MOLT_CODEGEN_GENERATOR);
    } else {
        generate(&run);
        molt__diagnostics_print(&run.diagnostics, stderr);
        code = run.diagnostics.count > 0 ? EXIT_REFUSED : 0;
    }
    if (run.memory == NULL) { /* else the process ends now, with all that it has */
        release(&run);
    }
    return code;
}

/* What a run with the same arguments reads from the cache. */
static void keep_units_in_memory(void *context, int argc, char **argv)
{
    Run run = {.arena = molt__arena_create(), .memory = context};
    run.diagnostics.arena = run.arena;
    if (molt__options_parse(run.arena, argc, argv, &run.options) == NULL &&
        run.options.mode == MOLT_MODE_WHOLE && run.options.cache != NULL) {
        fix_names(&run);
        describe_cache(&run);
        for (uint32_t i = 0; i < run.options.input_count; i++) {
            molt__unit_cache_keep(&run.cache, run.options.inputs[i]);
        }
    }
    release(&run);
}

/* Which sources the next run may parse together. */
static void find_groups(Run *run)
{
    for (uint32_t i = 0; i < run->options.input_count; i++) {
        Read *read = &run->reads[i];
        if (molt__prelude_find(&run->preludes, run->options.inputs[i], &read->command,
                               &read->prelude) != MOLT_PRELUDE_FOUND) {
            read->prelude.path = NULL;
        }
    }
    Group all = collect_sources(run);
    MoltUnitDesc *descs = molt__arena_alloc(run->arena, all.count * sizeof *descs);
    for (uint32_t i = 0; i < all.count; i++) {
        descs[i] = describe_source(run, all.sources[i].path, all.sources[i].command);
        descs[i].prelude = all.sources[i].prelude;
    }
    molt__together_make(&run->preludes, all.sources, descs, all.count);
}

/* What makes the next run with the same arguments faster, when there is time. */
static void make_preludes(void *context, int argc, char **argv)
{
    Run run = {.arena = molt__arena_create(), .memory = context};
    run.diagnostics.arena = run.arena;
    const MoltOptions *options = &run.options;
    if (molt__options_parse(run.arena, argc, argv, &run.options) != NULL ||
        options->mode != MOLT_MODE_WHOLE || options->cache == NULL || options->root_count > 0 ||
        options->all_records) {
        return;
    }
    fix_names(&run);
    describe_cache(&run);
    bool good = read_known(&run);
    run.reads = molt__arena_alloc(run.arena, options->input_count * sizeof *run.reads);
    for (uint32_t i = 0; i < options->input_count && good; i++) {
        Read *read = &run.reads[i];
        good = read_command(&run, options->inputs[i], &read->command);
        if (good) {
            const MoltUnitDesc desc = describe_source(&run, options->inputs[i], &read->command);
            molt__prelude_make(&run.preludes, &desc);
        }
    }
    if (good) {
        molt__preludes_sweep(&run.preludes);
        find_groups(&run);
    }
}

/* What a first run does once in a process, the resident has done before it is asked: a small source is read
 * and nothing written. */
static void warm_up(const char *socket)
{
    static const char text[] =
        "typedef unsigned long size_t;\n"
        "void *malloc(size_t);\n"
        "enum mood { CALM, WILD };\n"
        "typedef struct Ant { struct Ant *next; enum mood mood; int legs[6]; char *name; } Ant;\n"
        "Ant *molt__root;\n"
        "static int born;\n"
        "Ant *hatch(const Ant *mother);\n"
        "Ant *hatch(const Ant *mother)\n"
        "{\n"
        "    Ant *ant = malloc(sizeof *ant);\n"
        "    for (int i = 0; ant && i < 6; i++) ant->legs[i] = mother ? mother->legs[i] : born++;\n"
        "    return ant;\n"
        "}\n";
    MoltArena *arena = molt__arena_create();
    char *source = molt__arena_format(arena, "%s.c", socket);
    const MoltOutput output = {source, text};
    const char *error = NULL;
    if (molt__output_write(arena, &output, 1, &error)) {
        char *arguments[] = {"molt-codegen", source, "--", NULL};
        run_once(NULL, 3, arguments);
        unlink(source);
    }
    molt__arena_destroy(arena);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--serve") == 0) {
        MoltUnitMemory memory = {0};
        warm_up(argv[2]);
        const MoltResidentWork work = {run_once, keep_units_in_memory, make_preludes, &memory};
        return molt__resident_serve(argv[2], &work);
    }
    return run_once(NULL, argc, argv);
}
