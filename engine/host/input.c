#include "input.h"

#include <string.h>

void molt__input_begin(MoltInputState *input)
{
    input->game.wheel = 0;
    memset(input->game.mouse_pressed, 0, sizeof input->game.mouse_pressed);
    memset(input->game.key_pressed, 0, sizeof input->game.key_pressed);
    input->host = (MoltHostKeys){0};
}

/* Digits by their place on the keyboard, since some layouts need Shift for them; letters by what is
 * printed on them. MOLT_KEY_COUNT for keys a game does not get. */
static MoltKey game_key(const SDL_Keysym *key)
{
    if (key->scancode >= SDL_SCANCODE_1 && key->scancode <= SDL_SCANCODE_0)
        return (MoltKey)(MOLT_KEY_1 + (int)(key->scancode - SDL_SCANCODE_1));
    switch (key->sym) {
    case SDLK_UP: return MOLT_KEY_UP;
    case SDLK_DOWN: return MOLT_KEY_DOWN;
    case SDLK_LEFT: return MOLT_KEY_LEFT;
    case SDLK_RIGHT: return MOLT_KEY_RIGHT;
    case SDLK_SPACE: return MOLT_KEY_SPACE;
    case SDLK_RETURN:
    case SDLK_KP_ENTER: return MOLT_KEY_ENTER;
    case SDLK_TAB: return MOLT_KEY_TAB;
    case SDLK_LSHIFT:
    case SDLK_RSHIFT: return MOLT_KEY_SHIFT;
    case SDLK_a: return MOLT_KEY_A;
    case SDLK_d: return MOLT_KEY_D;
    case SDLK_e: return MOLT_KEY_E;
    case SDLK_p: return MOLT_KEY_P;
    case SDLK_q: return MOLT_KEY_Q;
    case SDLK_r: return MOLT_KEY_R;
    case SDLK_s: return MOLT_KEY_S;
    case SDLK_w: return MOLT_KEY_W;
    case SDLK_PLUS:
    case SDLK_EQUALS:
    case SDLK_KP_PLUS: return MOLT_KEY_PLUS;
    case SDLK_MINUS:
    case SDLK_KP_MINUS: return MOLT_KEY_MINUS;
    default: return MOLT_KEY_COUNT;
    }
}

static void key_event(MoltInputState *input, const SDL_KeyboardEvent *event)
{
    bool down = event->state == SDL_PRESSED;
    MoltKey key = game_key(&event->keysym);
    if (key != MOLT_KEY_COUNT) {
        input->game.key_pressed[key] |= down && !event->repeat;
        input->game.key_down[key] = down;
        return;
    }
    if (!down || event->repeat)
        return;
    switch (event->keysym.sym) {
    case SDLK_ESCAPE: input->host.quit = true; break;
    case SDLK_F1: input->host.help = true; break;
    case SDLK_F5: input->host.dump = true; break;
    case SDLK_F6: input->host.save = true; break;
    case SDLK_F7: input->host.undo = true; break;
    case SDLK_F8: input->host.redo = true; break;
    case SDLK_F9: input->host.load = true; break;
    case SDLK_F12: input->host.screenshot = true; break;
    default: break;
    }
}

static void mouse_move(MoltInputState *input, int x, int y)
{
    input->game.mouse_x = (float)x;
    input->game.mouse_y = (float)y;
    input->game.mouse_inside = x >= 0 && y >= 0 && x < MOLT_VIEW_WIDTH && y < MOLT_VIEW_HEIGHT;
}

static void button_event(MoltInputState *input, const SDL_MouseButtonEvent *event)
{
    MoltMouseButton button;
    switch (event->button) {
    case SDL_BUTTON_LEFT: button = MOLT_MOUSE_LEFT; break;
    case SDL_BUTTON_MIDDLE: button = MOLT_MOUSE_MIDDLE; break;
    case SDL_BUTTON_RIGHT: button = MOLT_MOUSE_RIGHT; break;
    default: return;
    }
    mouse_move(input, event->x, event->y);
    input->game.mouse_down[button] = event->state == SDL_PRESSED;
    input->game.mouse_pressed[button] |= event->state == SDL_PRESSED;
}

/* The release of what is held when the window loses the focus goes to another window. */
static void release_all(MoltInputState *input)
{
    memset(input->game.key_down, 0, sizeof input->game.key_down);
    memset(input->game.mouse_down, 0, sizeof input->game.mouse_down);
}

void molt__input_event(MoltInputState *input, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT: input->host.quit = true; break;
    case SDL_KEYDOWN:
    case SDL_KEYUP: key_event(input, &event->key); break;
    case SDL_MOUSEMOTION: mouse_move(input, event->motion.x, event->motion.y); break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: button_event(input, &event->button); break;
    case SDL_MOUSEWHEEL:
        input->game.wheel += event->wheel.direction == SDL_MOUSEWHEEL_FLIPPED
                                 ? -event->wheel.preciseY
                                 : event->wheel.preciseY;
        break;
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_LEAVE)
            input->game.mouse_inside = false;
        if (event->window.event == SDL_WINDOWEVENT_FOCUS_LOST)
            release_all(input);
        break;
    default: break;
    }
}
