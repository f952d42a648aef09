#include "command.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int molt__tool_misuse(const MoltToolCommand *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "molt %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry: molt %s --help\n", command->name);
    return MOLT__EXIT_USAGE;
}

static const MoltToolOption *find(const MoltToolOption *options, const char *name, size_t length)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0) {
            return options;
        }
    }
    return NULL;
}

/* Takes the option at argv[*at], with its word in the same ("--policy=live") or the next one; `given` has a
 * bit for each option that had one before. */
static bool take(const MoltToolCommand *command, int argc, char **argv, int *at,
                 const MoltToolOption *options, uint32_t *given)
{
    const char *text = argv[*at], *equals = strncmp(text, "--", 2) == 0 ? strchr(text, '=') : NULL;
    size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const MoltToolOption *option = find(options, text, length);
    if (option == NULL) {
        molt__tool_misuse(command, "unknown option %s", text);
        return false;
    }
    if (option->given != NULL) {
        *option->given = true;
    }
    if (option->word == NULL) {
        if (equals != NULL) {
            molt__tool_misuse(command, "%s takes no word", option->name);
        }
        return equals == NULL;
    }
    if (equals == NULL && *at + 1 >= argc) {
        molt__tool_misuse(command, "%s needs a word after it", text);
        return false;
    }
    if ((*given >> (option - options) & 1) != 0) {
        molt__tool_misuse(command, "%s is given twice", option->name);
        return false;
    }
    *given |= 1u << (option - options);
    *option->word = equals != NULL ? equals + 1 : argv[++*at];
    return true;
}

int molt__tool_words(const MoltToolCommand *command, int argc, char **argv,
                     const MoltToolOption *options)
{
    int operands = 0;
    uint32_t given = 0;
    bool ended = false;
    for (int i = 0; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[operands++] = argv[i];
        } else if (!take(command, argc, argv, &i, options, &given)) {
            return -1;
        }
    }
    return operands;
}

static bool is_standard(const char *name)
{
    return name != NULL && strcmp(name, "-") == 0;
}

bool molt__tool_one_input(const MoltToolCommand *command, const char *const *names, int count)
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += is_standard(names[i]);
    }
    if (found > 1) {
        molt__tool_misuse(command, "standard input can be read only once, and \"-\" names it %d times",
                          found);
    }
    return found <= 1;
}

bool molt__tool_one_output(const MoltToolCommand *command, const char *a, const char *b)
{
    if (is_standard(a) && is_standard(b)) {
        molt__tool_misuse(command, "two texts would both go to standard output; give one a file");
        return false;
    }
    return true;
}

bool molt__tool_spares(const MoltToolCommand *command, const char *const *inputs, int count,
                       const char *output, const char *how)
{
    struct stat old, info;
    if (output == NULL || is_standard(output) || stat(output, &old) != 0 || !S_ISREG(old.st_mode)) {
        return true;
    }
    for (int i = 0; i < count; i++) {
        if (inputs[i] != NULL && !is_standard(inputs[i]) && stat(inputs[i], &info) == 0 &&
            info.st_dev == old.st_dev && info.st_ino == old.st_ino) {
            molt__tool_misuse(command, "%s would take the place of %s, which is read; %s", output,
                              inputs[i], how != NULL ? how : "write to another file");
            return false;
        }
    }
    return true;
}

int molt__tool_fail(const MoltToolCommand *command, const MoltError *error)
{
    fprintf(stderr, "molt %s: %s\n", command->name, error->text);
    return MOLT__EXIT_USAGE;
}

int molt__tool_print_json(const MoltToolCommand *command, cJSON *value, int status)
{
    char *text = cJSON_Print(value);
    cJSON_Delete(value);
    if (text == NULL) {
        return molt__tool_fail(command, &(MoltError){.text = "no memory for the JSON"});
    }
    puts(text);
    free(text);
    return status;
}
