/* SDL events in, MoltInput and the host's keys out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input.h"

static void key(MoltInputState *input, bool down, SDL_Scancode code, SDL_Keycode sym, bool repeat)
{
    SDL_Event event = {.key = {.type = down ? SDL_KEYDOWN : SDL_KEYUP,
                               .state = down ? SDL_PRESSED : SDL_RELEASED,
                               .repeat = repeat,
                               .keysym = {.scancode = code, .sym = sym}}};
    molt__input_event(input, &event);
}

static void button(MoltInputState *input, bool down, int x, int y)
{
    SDL_Event event = {.button = {.type = down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP,
                                  .state = down ? SDL_PRESSED : SDL_RELEASED,
                                  .button = SDL_BUTTON_LEFT,
                                  .x = x,
                                  .y = y}};
    molt__input_event(input, &event);
}

static void window(MoltInputState *input, SDL_WindowEventID id)
{
    SDL_Event event = {.window = {.type = SDL_WINDOWEVENT, .event = (Uint8)id}};
    molt__input_event(input, &event);
}

static void pressed_lasts_one_frame(void **state)
{
    (void)state;
    MoltInputState input = {0};
    key(&input, true, SDL_SCANCODE_SPACE, SDLK_SPACE, false);
    assert_true(input.game.key_pressed[MOLT_KEY_SPACE]);
    assert_true(input.game.key_down[MOLT_KEY_SPACE]);
    molt__input_begin(&input);
    key(&input, true, SDL_SCANCODE_SPACE, SDLK_SPACE, true); /* the keyboard repeats */
    assert_false(input.game.key_pressed[MOLT_KEY_SPACE]);
    assert_true(input.game.key_down[MOLT_KEY_SPACE]);
    key(&input, false, SDL_SCANCODE_SPACE, SDLK_SPACE, false);
    assert_false(input.game.key_down[MOLT_KEY_SPACE]);
}

static void stroke_within_a_frame_is_not_lost(void **state)
{
    (void)state;
    MoltInputState input = {0};
    key(&input, true, SDL_SCANCODE_W, SDLK_w, false);
    key(&input, false, SDL_SCANCODE_W, SDLK_w, false);
    assert_true(input.game.key_pressed[MOLT_KEY_W]);
    assert_false(input.game.key_down[MOLT_KEY_W]);
}

static void digits_go_by_place_and_letters_by_print(void **state)
{
    (void)state;
    MoltInputState input = {0};
    key(&input, true, SDL_SCANCODE_1, SDLK_AMPERSAND, false); /* a French keyboard */
    key(&input, true, SDL_SCANCODE_0, SDLK_0, false);
    key(&input, true, SDL_SCANCODE_Q, SDLK_a, false);
    assert_true(input.game.key_pressed[MOLT_KEY_1]);
    assert_true(input.game.key_pressed[MOLT_KEY_0]);
    assert_true(input.game.key_pressed[MOLT_KEY_A]);
    assert_false(input.game.key_pressed[MOLT_KEY_Q]);
}

static void host_keys_never_reach_the_game(void **state)
{
    (void)state;
    MoltInputState input = {0};
    key(&input, true, SDL_SCANCODE_F1, SDLK_F1, false);
    key(&input, true, SDL_SCANCODE_F5, SDLK_F5, false);
    key(&input, true, SDL_SCANCODE_F6, SDLK_F6, false);
    key(&input, true, SDL_SCANCODE_F7, SDLK_F7, false);
    key(&input, true, SDL_SCANCODE_F8, SDLK_F8, false);
    key(&input, true, SDL_SCANCODE_F9, SDLK_F9, false);
    key(&input, true, SDL_SCANCODE_F12, SDLK_F12, false);
    key(&input, true, SDL_SCANCODE_ESCAPE, SDLK_ESCAPE, false);
    assert_true(input.host.help && input.host.dump && input.host.screenshot && input.host.quit);
    assert_true(input.host.save && input.host.load && input.host.undo && input.host.redo);
    for (int i = 0; i < MOLT_KEY_COUNT; i++)
        assert_false(input.game.key_down[i] || input.game.key_pressed[i]);
    molt__input_begin(&input);
    key(&input, true, SDL_SCANCODE_F5, SDLK_F5, true);
    assert_false(input.host.help || input.host.dump || input.host.screenshot || input.host.quit);
}

static void closing_the_window_quits(void **state)
{
    (void)state;
    MoltInputState input = {0};
    molt__input_event(&input, &(SDL_Event){.type = SDL_QUIT});
    assert_true(input.host.quit);
}

static void mouse_is_where_it_clicks(void **state)
{
    (void)state;
    MoltInputState input = {0};
    button(&input, true, 300, 200);
    assert_true(input.game.mouse_inside);
    assert_true(input.game.mouse_pressed[MOLT_MOUSE_LEFT]);
    assert_float_equal(input.game.mouse_x, 300, 0);
    assert_float_equal(input.game.mouse_y, 200, 0);
    molt__input_begin(&input);
    assert_true(input.game.mouse_down[MOLT_MOUSE_LEFT]);
    assert_false(input.game.mouse_pressed[MOLT_MOUSE_LEFT]);
    button(&input, false, MOLT_VIEW_WIDTH, 200);
    assert_false(input.game.mouse_inside);
    assert_false(input.game.mouse_down[MOLT_MOUSE_LEFT]);
}

static void leaving_and_losing_focus_let_go(void **state)
{
    (void)state;
    MoltInputState input = {0};
    button(&input, true, 5, 5);
    key(&input, true, SDL_SCANCODE_UP, SDLK_UP, false);
    window(&input, SDL_WINDOWEVENT_LEAVE);
    assert_false(input.game.mouse_inside);
    assert_true(input.game.mouse_down[MOLT_MOUSE_LEFT]); /* dragging out of the window goes on */
    window(&input, SDL_WINDOWEVENT_FOCUS_LOST);
    assert_false(input.game.mouse_down[MOLT_MOUSE_LEFT]);
    assert_false(input.game.key_down[MOLT_KEY_UP]);
}

static void wheel_adds_up_within_a_frame(void **state)
{
    (void)state;
    MoltInputState input = {0};
    SDL_Event notch = {.wheel = {.type = SDL_MOUSEWHEEL, .y = 1, .preciseY = 1}};
    molt__input_event(&input, &notch);
    molt__input_event(&input, &notch);
    assert_float_equal(input.game.wheel, 2, 0);
    notch.wheel.direction = SDL_MOUSEWHEEL_FLIPPED;
    molt__input_event(&input, &notch);
    assert_float_equal(input.game.wheel, 1, 0);
    molt__input_begin(&input);
    assert_float_equal(input.game.wheel, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pressed_lasts_one_frame),
        cmocka_unit_test(stroke_within_a_frame_is_not_lost),
        cmocka_unit_test(digits_go_by_place_and_letters_by_print),
        cmocka_unit_test(host_keys_never_reach_the_game),
        cmocka_unit_test(closing_the_window_quits),
        cmocka_unit_test(mouse_is_where_it_clicks),
        cmocka_unit_test(leaving_and_losing_focus_let_go),
        cmocka_unit_test(wheel_adds_up_within_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
