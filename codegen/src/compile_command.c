#include "compile_command.h"

#include <clang-c/CXCompilationDatabase.h>
#include <string.h>
#include <unistd.h>

#include "path.h"

/* Flags that take a word, joined or apart. */
static const char *const KEPT_WITH_WORD[] = {"-I",        "-D",       "-U",         "-isystem",
                                             "-iquote",   "-include", "-idirafter", "-imacros",
                                             "-isysroot", "--sysroot"};
static const char *const DROPPED_WITH_WORD[] = {"-o",  "-MF", "-MT", "-MQ",     "-MJ",
                                                "-L",  "-l",  "-T",  "-Xlinker", "-Xassembler",
                                                "-x",  "-z",  "-u",  "--param"};
/* Flags that stand alone, by how they begin. */
static const char *const KEPT[] = {"-std=",
                                   "-ansi",
                                   "-O",
                                   "-pthread",
                                   "-nostdinc",
                                   "-undef",
                                   "-fshort-enums",
                                   "-fno-short-enums",
                                   "-fshort-wchar",
                                   "-fpack-struct",
                                   "-funsigned-char",
                                   "-fsigned-char",
                                   "-fno-unsigned-char",
                                   "-fno-signed-char",
                                   "-fms-extensions",
                                   "-fplan9-extensions",
                                   "-fopenmp",
                                   "-m32",
                                   "-m64",
                                   "-mx32",
                                   "-march=",
                                   "-msse",
                                   "-mavx",
                                   "-mms-bitfields",
                                   "-malign-double",
                                   "-mlong-double-",
                                   "--target="};

static bool begins(const char *flag, const char *start)
{
    return strncmp(flag, start, strlen(start)) == 0;
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void add_flag(MoltArena *arena, MoltCommand *command, const char *flag)
{
    command->flags = molt__arena_grow(arena, command->flags, command->count, &command->capacity,
                                      sizeof *command->flags);
    command->flags[command->count++] = molt__arena_copy(arena, flag, strlen(flag));
}

/* libclang before 18 knows C23 as c2x; later versions know both. */
static const char *known_standard(const char *flag)
{
    if (strcmp(flag, "-std=c23") == 0) {
        return "-std=c2x";
    }
    return strcmp(flag, "-std=gnu23") == 0 ? "-std=gnu2x" : flag;
}

/* Takes flags[i] if it matters; returns how many words it used. */
static uint32_t take_flag(MoltArena *arena, MoltCommand *command, const char *const *flags,
                          uint32_t i, uint32_t count)
{
    for (size_t k = 0; k < COUNT(KEPT_WITH_WORD); k++) {
        if (begins(flags[i], KEPT_WITH_WORD[k])) {
            bool apart = strcmp(flags[i], KEPT_WITH_WORD[k]) == 0 && i + 1 < count;
            add_flag(arena, command, flags[i]);
            if (apart) {
                add_flag(arena, command, flags[i + 1]);
            }
            return apart ? 2 : 1;
        }
    }
    for (size_t k = 0; k < COUNT(DROPPED_WITH_WORD); k++) {
        if (strcmp(flags[i], DROPPED_WITH_WORD[k]) == 0) {
            return 2;
        }
    }
    for (size_t k = 0; k < COUNT(KEPT); k++) {
        if (begins(flags[i], KEPT[k])) {
            add_flag(arena, command, known_standard(flags[i]));
            return 1;
        }
    }
    return 1;
}

static void take_flags(MoltArena *arena, MoltCommand *command, const char *const *flags,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        i += take_flag(arena, command, flags, i, count);
    }
}

void molt__command_from_flags(MoltArena *arena, const char *directory, char *const *flags,
                              int count, MoltCommand *out)
{
    *out = (MoltCommand){.directory = directory};
    take_flags(arena, out, (const char *const *)flags, (uint32_t)count);
}

/* The words of one database entry in the arena. */
static const char **read_words(MoltArena *arena, CXCompileCommand command, uint32_t *count)
{
    *count = clang_CompileCommand_getNumArgs(command);
    const char **words = molt__arena_alloc(arena, *count * sizeof *words);
    for (uint32_t i = 0; i < *count; i++) {
        CXString word = clang_CompileCommand_getArg(command, i);
        words[i] = molt__arena_copy(arena, clang_getCString(word), strlen(clang_getCString(word)));
        clang_disposeString(word);
    }
    return words;
}

static bool writes_into(const char *const *words, uint32_t count, const char *object_dir)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        const char *found = strcmp(words[i], "-o") == 0 ? strstr(words[i + 1], object_dir) : NULL;
        if (found != NULL && (found == words[i + 1] || found[-1] == '/') &&
            found[strlen(object_dir)] == '/') {
            return true;
        }
    }
    return false;
}

/* The database answers for sources it does not hold with a guess: only an entry that names the
 * source itself counts. */
static bool names_source(MoltArena *arena, CXCompileCommand command, const char *directory,
                         const char *source)
{
    CXString name = clang_CompileCommand_getFilename(command);
    bool same = strcmp(molt__path_real(arena, directory, clang_getCString(name)), source) == 0;
    clang_disposeString(name);
    return same;
}

bool molt__commands_open(MoltDiagnostics *diagnostics, const char *build_dir, const char *source,
                         MoltCommandList *out)
{
    MoltArena *arena = diagnostics->arena;
    CXCompilationDatabase_Error error = CXCompilationDatabase_CanNotLoadDatabase;
    *out = (MoltCommandList){.build_dir = build_dir};
    /* libclang prints to stderr by itself when the file is missing. */
    if (access(molt__arena_format(arena, "%s/compile_commands.json", build_dir), R_OK) == 0) {
        out->database = clang_CompilationDatabase_fromDirectory(build_dir, &error);
    }
    if (error != CXCompilationDatabase_NoError) {
        molt__refuse(diagnostics, (MoltPlace){.file = source, .line = 1},
                     "configure with CMAKE_EXPORT_COMPILE_COMMANDS=ON, or give the flags after --",
                     "no readable compile_commands.json in '%s'", build_dir);
        return false;
    }
    return true;
}

void molt__commands_close(MoltCommandList *list)
{
    if (list->database != NULL) {
        clang_CompilationDatabase_dispose(list->database);
    }
    *list = (MoltCommandList){0};
}

bool molt__command_find(MoltDiagnostics *diagnostics, const MoltCommandList *list,
                        const char *source, const char *object_dir, MoltCommand *out)
{
    MoltArena *arena = diagnostics->arena;
    CXCompileCommands commands =
        clang_CompilationDatabase_getCompileCommands(list->database, source);
    uint32_t size = commands == NULL ? 0 : clang_CompileCommands_getSize(commands);
    bool found = false;
    for (uint32_t i = 0; i < size && !found; i++) {
        CXCompileCommand command = clang_CompileCommands_getCommand(commands, i);
        CXString directory = clang_CompileCommand_getDirectory(command);
        const char *from = molt__path_real(arena, list->build_dir, clang_getCString(directory));
        clang_disposeString(directory);
        uint32_t count = 0;
        const char **words = read_words(arena, command, &count);
        if (names_source(arena, command, from, source) &&
            (object_dir == NULL || writes_into(words, count, object_dir))) {
            *out = (MoltCommand){.directory = from};
            take_flags(arena, out, words, count);
            found = true;
        }
    }
    if (!found) {
        molt__refuse(diagnostics, (MoltPlace){.file = source, .line = 1},
                     "add the source to a target, or give the flags after --",
                     "'%s/compile_commands.json' has no command for this source", list->build_dir);
    }
    clang_CompileCommands_dispose(commands);
    return found;
}
