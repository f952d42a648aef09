#include "console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The descriptor may be shared with a shell, so it stays in blocking mode: poll says first whether a
 * read would return at once. */
static void fill(MoltConsole *console)
{
    while (!console->ended && console->used < sizeof console->buffer - 1) {
        struct pollfd ready = {.fd = console->fd, .events = POLLIN};
        int count = poll(&ready, 1, 0);
        if (count == 0 || (count < 0 && errno == EINTR))
            return;
        ssize_t got = count < 0 ? 0 : read(console->fd, console->buffer + console->used,
                                           sizeof console->buffer - 1 - console->used);
        if (got > 0)
            console->used += (size_t)got;
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            console->ended = true;
    }
}

bool molt__console_next(MoltConsole *console, char line[MOLT__CONSOLE_LINE])
{
    fill(console);
    if (!console->used)
        return false;
    const char *newline = memchr(console->buffer, '\n', console->used);
    bool full = console->used == sizeof console->buffer - 1;
    if (!newline && !full && !console->ended)
        return false;
    size_t length = newline ? (size_t)(newline - console->buffer) : console->used;
    size_t taken = length + (newline != NULL);
    memcpy(line, console->buffer, length);
    if (length && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    console->used -= taken;
    memmove(console->buffer, console->buffer + taken, console->used);
    return true;
}
