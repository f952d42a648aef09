/* A command of the tool: its words, its help, its exit status, and how it takes options. It must
 * never know what a command does. */
#ifndef MOLT_TOOL_COMMAND_H
#define MOLT_TOOL_COMMAND_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "molt/status.h"

/* Exit status of the tool. */
enum {
    MOLT__EXIT_OK = 0,
    MOLT__EXIT_REFUSED = 1, /* refused, or differences found */
    MOLT__EXIT_USAGE = 2    /* wrong words, or input that cannot be read */
};

typedef struct MoltToolCommand {
    const char *name;                  /* "layout", "schema check" */
    const char *summary;               /* a line */
    const char *help;                  /* all that is needed to use it */
    int (*run)(int argc, char **argv); /* argv: the words after the name */
} MoltToolCommand;

extern const MoltToolCommand molt__command_dump;
extern const MoltToolCommand molt__command_import;
extern const MoltToolCommand molt__command_migrate;
extern const MoltToolCommand molt__command_verify;
extern const MoltToolCommand molt__command_diff;
extern const MoltToolCommand molt__command_layout;
extern const MoltToolCommand molt__command_schema_check;
extern const MoltToolCommand molt__command_schema_diff;
extern const MoltToolCommand molt__command_schema_record;

/* One option of a command. A NULL `word` makes it a switch. */
typedef struct MoltToolOption {
    const char *name; /* "--against", "-o" */
    const char **word;
    bool *given;
} MoltToolOption;

/* Sorts the words of a command into options (the list ends with a NULL name) and operands, which are
 * moved to the front of argv; "--" ends the options and "-" is an operand. An option takes one word.
 * Returns the number of operands, or -1 after saying on standard error what is wrong with the words. */
int molt__tool_words(const MoltToolCommand *command, int argc, char **argv,
                     const MoltToolOption *options);

/* Whether at most one of the names, of which any may be NULL, is "-"; says so otherwise: standard input can
 * be read once, and standard output takes one text. */
bool molt__tool_one_input(const MoltToolCommand *command, const char *const *names, int count);
bool molt__tool_one_output(const MoltToolCommand *command, const char *a, const char *b);

/* Whether what is written to `output` takes the place of none of the files that are read; says so
 * otherwise,
 * with `how` to do it on purpose (NULL: there is no way). Any name may be NULL or "-". */
bool molt__tool_spares(const MoltToolCommand *command, const char *const *inputs, int count,
                       const char *output, const char *how);

/* Says "molt NAME: ..." on standard error and how to get help; returns MOLT__EXIT_USAGE. */
int molt__tool_misuse(const MoltToolCommand *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says "molt NAME: ERROR" on standard error; returns MOLT__EXIT_USAGE. */
int molt__tool_fail(const MoltToolCommand *command, const MoltError *error);

/* Prints and frees the value, NULL when memory was out; returns `status`, or what failing returns. */
int molt__tool_print_json(const MoltToolCommand *command, cJSON *value, int status);

#endif
