/* Lines of text from a file descriptor, without ever waiting for them. It must never know what the
 * lines mean. */
#ifndef MOLT_HOST_CONSOLE_H
#define MOLT_HOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define MOLT__CONSOLE_LINE 4096

/* All zero but `fd`: nothing read yet. */
typedef struct MoltConsole {
    int fd;
    bool ended; /* no more input will come; lines already read are still delivered */
    size_t used;
    char buffer[MOLT__CONSOLE_LINE];
} MoltConsole;

/* The next complete line without its end, in `line`. False when there is none yet. The last line needs
 * no newline. A longer line than fits is delivered in pieces. */
bool molt__console_next(MoltConsole *console, char line[MOLT__CONSOLE_LINE]);

#endif
