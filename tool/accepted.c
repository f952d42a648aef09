#include "accepted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool find_rule(const char *id, MoltRule *out)
{
    for (int rule = 0; rule < MOLT_RULE_COUNT; rule++) {
        if (strcmp(molt_rule_id((MoltRule)rule), id) == 0) {
            *out = (MoltRule)rule;
            return true;
        }
    }
    return false;
}

/* "v0003 RULE PATH"; the path may have spaces in it. */
static MoltStatus read_line(const char *text, uint32_t line, MoltAccepted *accepted,
                            MoltError *error)
{
    MoltAcceptance item = {.line = line};
    char rule[64];
    int path = 0;
    if (sscanf(text, "v%u %63s %n", &item.version, rule, &path) != 2 || path == 0 ||
        text[path] == '\0') {
        return molt_error(error, MOLT_INVALID,
                          "%s:%u: a line is `v0003 RULE PATH`, or begins with #", accepted->name,
                          line);
    }
    if (!find_rule(rule, &item.rule)) {
        return molt_error(error, MOLT_INVALID, "%s:%u: there is no rule %s", accepted->name, line,
                          rule);
    }
    MoltAcceptance *items = realloc(accepted->items, (accepted->count + 1) * sizeof *items);
    if (items != NULL) {
        accepted->items = items;
        item.path = strdup(text + path);
    }
    if (item.path == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for %s", accepted->name);
    }
    accepted->items[accepted->count++] = item;
    return MOLT_OK;
}

static MoltStatus read_lines(FILE *file, MoltAccepted *accepted, MoltError *error)
{
    char *text = NULL;
    size_t size = 0;
    uint32_t line = 0;
    MoltStatus status = MOLT_OK;
    while (status == MOLT_OK && getline(&text, &size, file) >= 0) {
        size_t length = strlen(text);
        while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
            text[--length] = '\0';
        }
        const char *start = text + strspn(text, " \t");
        line++;
        if (*start != '\0' && *start != '#') {
            status = read_line(start, line, accepted, error);
        }
    }
    if (status == MOLT_OK && ferror(file)) {
        status = molt_error(error, MOLT_SYSTEM, "%s: %s", accepted->name, strerror(errno));
    }
    free(text);
    return status;
}

MoltStatus molt__accepted_read(const char *folder, MoltAccepted *out, MoltError *error)
{
    size_t size = strlen(folder) + sizeof "/accepted.txt";
    FILE *file = NULL;
    MoltStatus status = MOLT_OK;
    *out = (MoltAccepted){.name = malloc(size)};
    if (out->name == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a path");
    }
    snprintf(out->name, size, "%s/accepted.txt", folder);
    file = fopen(out->name, "r");
    if (file != NULL) {
        status = read_lines(file, out, error);
        fclose(file);
    } else if (errno != ENOENT) {
        status = molt_error(error, MOLT_SYSTEM, "%s: %s", out->name, strerror(errno));
    }
    return status;
}

void molt__accepted_free(MoltAccepted *accepted)
{
    for (uint32_t i = 0; i < accepted->count; i++) {
        free(accepted->items[i].path);
    }
    free(accepted->items);
    free(accepted->name);
    *accepted = (MoltAccepted){0};
}

bool molt__accepted_takes(MoltAccepted *accepted, uint32_t older, const MoltFinding *finding)
{
    bool takes = false;
    for (uint32_t i = 0; i < accepted->count; i++) {
        MoltAcceptance *item = &accepted->items[i];
        if (older <= item->version && item->rule == finding->rule && finding->path != NULL &&
            strcmp(item->path, finding->path) == 0) {
            item->used = takes = true;
        }
    }
    return takes;
}
