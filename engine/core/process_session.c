#include "process_session.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Session of a process from /proc, 0 when it is gone or dead. The name before it may hold anything, so the
 * fields are counted from its last parenthesis on: ") S parent group session". */
static pid_t session_of(const char *process)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) {
        return 0;
    }
    text[length] = 0;
    char state = 0;
    int session = 0;
    const char *fields = strrchr(text, ')');
    if (fields == NULL || sscanf(fields + 1, " %c %*d %*d %d", &state, &session) != 2) {
        return 0;
    }
    return state == 'Z' || state == 'X' ? 0 : (pid_t)session;
}

/* How many there are; with `signal` above 0 each gets it. */
static unsigned visit(pid_t leader, int signal)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) || session_of(entry->d_name) != leader) {
            continue;
        }
        count++;
        if (signal > 0) {
            kill((pid_t)strtol(entry->d_name, NULL, 10), signal);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

void molt__process_session_signal(pid_t leader, int signal)
{
    visit(leader, signal);
}

bool molt__process_session_alive(pid_t leader)
{
    return visit(leader, 0) > 0;
}
