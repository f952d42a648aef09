/* SDL events turned into the game's MoltInput and the host's own keys. It must never know what a key
 * does in the game, or what the host does when one of its keys is struck. */
#ifndef MOLT_HOST_INPUT_H
#define MOLT_HOST_INPUT_H

#include <SDL.h>
#include <stdbool.h>

#include <molt/platform_api.h>

/* Struck in this frame; never seen by the game. */
typedef struct MoltHostKeys {
    bool quit; /* Esc, or the window was closed */
    bool help; /* F1 */
    bool dump; /* F5 */
    bool save; /* F6 */
    bool undo; /* F7 */
    bool redo; /* F8 */
    bool load; /* F9 */
    bool screenshot; /* F12 */
} MoltHostKeys;

/* All zero: nothing held, mouse outside. */
typedef struct MoltInputState {
    MoltInput game;
    MoltHostKeys host;
} MoltInputState;

/* Forgets what happened only in the last frame; what is held stays held. */
void molt__input_begin(MoltInputState *input);
/* Mouse events must be in logical coordinates, as SDL delivers them for a renderer with a logical
 * size. Events that mean nothing here are ignored. */
void molt__input_event(MoltInputState *input, const SDL_Event *event);

#endif
