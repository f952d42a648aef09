/* Where in a game's code exit() was called, asked by a handler of that exit, while the stack still stands. It
 * must never know what a host does about it. */
#ifndef MOLT_CORE_EXIT_PLACE_H
#define MOLT_CORE_EXIT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Code of the game is what was loaded from files in `folder`. Writes "in quit (menu.c:12)", or "below play
 * (menu.c:40)" where something that this called did it. False when no function of the game is on the stack.
 * On whatever thread; not in a signal handler. */
bool molt__exit_place(const char *folder, char *text, size_t size);

#endif
