/* How far a command is with one large file: a line on standard error, where that is a terminal, that is
 * rewritten in place and goes again. It must never know what the command does. */
#ifndef MOLT_TOOL_PROGRESS_H
#define MOLT_TOOL_PROGRESS_H

#include <stdbool.h>

#include "command.h"
#include "molt/progress.h"

/* For the help of commands that show it. */
#define MOLT__PROGRESS_HELP                                                                        \
    "What takes longer than half a second shows how far it is, where standard error is a "         \
    "terminal."

/* From here on the line is shown, once it has taken half a second: "molt verify: a.molt: loading 37 %".
 * `file` must stay until the end. `prints`: the command writes a text to standard output while it goes on;
 * where that is a terminal, it is what shows how far it is. */
void molt__progress_begin(const MoltToolCommand *command, const char *file, bool prints);

/* What takes the numbers of a long call, of which `doing` is the word, a literal. Without a known end, `of`
 * is 0 and `done` are bytes. Before molt__progress_begin and after its end nothing is shown. */
MoltProgress molt__progress(const char *doing);

/* Takes the line away, before something else is printed; it comes back. */
void molt__progress_clear(void);
void molt__progress_end(void);

#endif
