#include "history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

MoltStatus molt__history_init(MoltHistory *history, uint32_t most, MoltError *error)
{
    *history = (MoltHistory){.most = most};
    if (most > 0) {
        history->items = calloc(most, sizeof *history->items);
    }
    return most == 0 || history->items != NULL
               ? MOLT_OK
               : molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a history of %u generations.",
                            most);
}

static void drop(MoltKeptGeneration *kept)
{
    unlink(kept->path);
    free(kept->path);
    *kept = (MoltKeptGeneration){0};
}

void molt__history_clear(MoltHistory *history)
{
    for (uint32_t i = 0; i < history->count; i++) {
        drop(&history->items[i]);
    }
    free(history->items);
    *history = (MoltHistory){0};
}

static bool copy_file(const char *from, const char *to)
{
    struct stat info;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    bool ok = in >= 0 && fstat(in, &info) == 0 &&
              (out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700)) >= 0;
    for (off_t left = ok ? info.st_size : 0; ok && left > 0;) {
        ssize_t sent = sendfile(out, in, NULL, (size_t)left);
        ok = sent > 0;
        left -= sent;
    }
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        ok = close(out) == 0 && ok;
    }
    return ok;
}

static MoltStatus keep(const char *copy, const char *directory, uint32_t number, char **out,
                       MoltError *error)
{
    const char *slash = strrchr(copy, '/');
    char *path = NULL;
    if (asprintf(&path, "%s/generation-%u-of-%s", directory, number,
                 slash != NULL ? slash + 1 : copy) < 0) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to keep generation %u.", number);
    }
    if (link(copy, path) != 0 && !copy_file(copy, path)) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM, "Generation %u cannot be kept for going back to it: %s.",
                       number, strerror(errno));
        unlink(path);
        free(path);
        return status;
    }
    *out = path;
    return MOLT_OK;
}

MoltStatus molt__history_add(MoltHistory *history, uint32_t number, const char *copy,
                             const char *directory, MoltError *error)
{
    char *path = NULL;
    if (history->most == 0) {
        return MOLT_OK;
    }
    MoltStatus status = keep(copy, directory, number, &path, error);
    if (status != MOLT_OK) {
        return status;
    }
    while (history->count > history->at + 1) {
        drop(&history->items[--history->count]);
    }
    if (history->count == history->most) {
        drop(&history->items[0]);
        memmove(history->items, history->items + 1, --history->count * sizeof *history->items);
    }
    history->at = history->count++;
    history->items[history->at] = (MoltKeptGeneration){number, path};
    return MOLT_OK;
}

/* ---- of a process before --------------------------------------------------------------------- */

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* The file of a generation in a folder; its name says the library's, too. NULL: there is none. */
static char *find_file(const char *folder, uint32_t number)
{
    char begin[40], *path = NULL;
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    int length = snprintf(begin, sizeof begin, "generation-%u-of-", number);
    while (entries != NULL && path == NULL && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, begin, (size_t)length) == 0 &&
            asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
            path = NULL;
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return path;
}

/* Moves a file into the folder; its new path, or NULL. */
static char *move_file(const char *path, const char *directory)
{
    char *to = NULL;
    if (asprintf(&to, "%s%s", directory, strrchr(path, '/')) < 0) {
        return NULL;
    }
    if (rename(path, to) != 0) {
        free(to);
        return NULL;
    }
    return to;
}

bool molt__history_adopt(MoltHistory *history, const char *from, const uint32_t *numbers,
                         uint32_t count, const char *running, const char *directory)
{
    uint32_t at = 0;
    bool found = false;
    for (; at < count && !found; at += !found) {
        char *path = find_file(from, numbers[at]);
        found = path != NULL && is_same_file(path, running);
        free(path);
    }
    if (!found || history->most == 0) {
        return false;
    }
    while (history->count > 0) {
        drop(&history->items[--history->count]);
    }
    history->at = 0;
    for (uint32_t i = count > history->most ? count - history->most : 0; i < count; i++) {
        char *path = find_file(from, numbers[i]);
        char *kept = path != NULL ? move_file(path, directory) : NULL;
        free(path);
        if (kept != NULL) {
            history->at = i <= at ? history->count : history->at;
            history->items[history->count++] = (MoltKeptGeneration){numbers[i], kept};
        }
    }
    return history->count > 0;
}

/* ---- going ----------------------------------------------------------------------------------- */

const MoltKeptGeneration *molt__history_look(const MoltHistory *history, int32_t steps)
{
    int64_t index = (int64_t)history->at + steps;
    return index >= 0 && index < history->count ? &history->items[index] : NULL;
}

void molt__history_go(MoltHistory *history, int32_t steps)
{
    history->at = (uint32_t)((int64_t)history->at + steps);
}

void molt__history_find(MoltHistory *history, uint32_t number)
{
    uint32_t at = 0;
    while (at < history->count && history->items[at].number != number) {
        at++;
    }
    if (at < history->count) {
        history->at = at;
    } else if (history->at > 0) {
        history->at--;
    }
}
