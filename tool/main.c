#include <stdio.h>
#include <string.h>

#include "command.h"

static const MoltToolCommand *const commands[] = {
    &molt__command_dump,
    &molt__command_import,
    &molt__command_migrate,
    &molt__command_verify,
    &molt__command_diff,
    &molt__command_layout,
    &molt__command_schema_check,
    &molt__command_schema_diff,
    &molt__command_schema_record,
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fputs("molt: schemas and saved state of programs that use Molt\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  molt %-16s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n"
          "  molt COMMAND --help    all about one of them\n"
          "  molt --version\n"
          "\n"
          "FILE is a path, or - for standard input.\n"
          "Exit: 0 done, 1 refused or differences found, 2 wrong usage or unreadable input.\n",
          out);
}

/* How many of the words name the command: "layout" one, "schema check" two; 0: another one. */
static int words_of(const MoltToolCommand *command, int argc, char **argv)
{
    size_t first = strcspn(command->name, " ");
    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0) {
        return 0;
    }
    if (command->name[first] == '\0') {
        return 1;
    }
    return argc > 1 && strcmp(argv[1], command->name + first + 1) == 0 ? 2 : 0;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    argc--, argv++;
    if (argc > 0 && strcmp(argv[0], "--version") == 0) {
        puts("molt " MOLT_TOOL_VERSION);
        return MOLT__EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int words = words_of(commands[i], argc, argv);
        if (words > 0 && wants_help(argc - words, argv + words)) {
            fputs(commands[i]->help, stdout);
            return MOLT__EXIT_OK;
        }
        if (words > 0) {
            int status = commands[i]->run(argc - words, argv + words);
            if (fflush(stdout) != 0 || ferror(stdout)) {
                perror("molt: standard output");
                return MOLT__EXIT_USAGE;
            }
            return status;
        }
    }
    if (argc > 0 && wants_help(argc, argv)) {
        print_help(stdout);
        return MOLT__EXIT_OK;
    }
    if (argc > 0) {
        fprintf(stderr, "molt: there is no command '%s'\n\n", argv[0]);
    }
    print_help(stderr);
    return MOLT__EXIT_USAGE;
}
