#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds before the line is shown, and between two of them. */
enum { PATIENCE = 500, PAUSE = 100 };

/* The one line that a process has. */
static struct {
    const char *command, *file; /* command NULL: nothing is shown */
    int64_t begun, shown;       /* milliseconds; shown 0: never */
    const char *doing;          /* what it said last */
    int width;                  /* of the line that stands there, 0: none does */
} line;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void molt__progress_begin(const MoltToolCommand *command, const char *file, bool prints)
{
    bool seen = isatty(STDERR_FILENO) && !(prints && isatty(STDOUT_FILENO));
    const char *slash = strrchr(file, '/');
    line.command = seen ? command->name : NULL;
    line.file = strcmp(file, "-") == 0 ? "standard input" : slash != NULL ? slash + 1 : file;
    line.begun = now();
    line.shown = 0;
    line.doing = NULL;
}

static void tell(void *context, uint64_t done, uint64_t of)
{
    const char *doing = context;
    int64_t time = line.command != NULL ? now() : 0;
    if (line.command == NULL || time - line.begun < PATIENCE ||
        (time - line.shown < PAUSE && doing == line.doing)) {
        return;
    }
    char text[80], amount[32];
    if (of > 0) {
        snprintf(amount, sizeof amount, "%d %%", (int)((double)done * 100 / (double)of));
    } else {
        snprintf(amount, sizeof amount, "%llu MiB", (unsigned long long)(done >> 20));
    }
    int width = snprintf(text, sizeof text, "molt %s: %.40s: %s %s", line.command, line.file, doing,
                         amount);
    width = width < (int)sizeof text ? width : (int)sizeof text - 1;
    fprintf(stderr, "\r%-*s", line.width, text);
    line.width = width > line.width ? width : line.width;
    line.shown = time;
    line.doing = doing;
}

MoltProgress molt__progress(const char *doing)
{
    return (MoltProgress){tell, (void *)(uintptr_t)doing}; /* NOLINT: only read */
}

void molt__progress_clear(void)
{
    if (line.width > 0) {
        fprintf(stderr, "\r%*s\r", line.width, "");
        line.width = 0;
    }
}

void molt__progress_end(void)
{
    molt__progress_clear();
    line.command = NULL;
}
