/* The mixer's samples, and devices that are there or not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sound.h"

static float samples[3 * MOLT__SOUND_RATE];

static float peak(int from, int to)
{
    float most = 0;
    for (int i = from; i < to; i++)
        most = fmaxf(most, fabsf(samples[i]));
    return most;
}

static void silence_is_told(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    samples[0] = 1;
    assert_false(molt__mixer_render(&mixer, samples, 512));
    assert_true(peak(0, 512) == 0);
}

static void tone_has_soft_edges_and_ends(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    int length = MOLT__SOUND_RATE / 10;
    molt__mixer_add(&mixer, 1000, 0.1f, 1);
    assert_true(molt__mixer_render(&mixer, samples, MOLT__SOUND_RATE));
    assert_true(peak(0, 5) < 0.02f);
    assert_true(peak(0, length) > 0.2f);
    assert_true(peak(length - 20, length) < 0.01f);
    assert_true(peak(length, MOLT__SOUND_RATE) == 0);
    assert_false(molt__mixer_render(&mixer, samples, 512));
}

static void tone_has_its_pitch(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    int crossings = 0;
    molt__mixer_add(&mixer, 440, 1, 1);
    molt__mixer_render(&mixer, samples, MOLT__SOUND_RATE / 2);
    for (int i = 1; i < MOLT__SOUND_RATE / 2; i++)
        crossings += samples[i - 1] < 0 && samples[i] >= 0;
    assert_in_range(crossings, 218, 221);
}

static void many_tones_stay_within_bounds(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    for (int i = 0; i < 10 * MOLT__VOICES; i++)
        molt__mixer_add(&mixer, 200, 2, 1);
    assert_true(molt__mixer_render(&mixer, samples, MOLT__SOUND_RATE));
    assert_true(peak(0, MOLT__SOUND_RATE) <= 1);
}

static void senseless_tones_are_ignored(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    const float wrong[] = {NAN, -1, 0, INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        molt__mixer_add(&mixer, wrong[i], 1, 1);
    molt__mixer_add(&mixer, 440, NAN, 1);
    molt__mixer_add(&mixer, 440, 1, NAN);
    molt__mixer_add(&mixer, 440, 0, 1);
    assert_false(molt__mixer_render(&mixer, samples, 512));
}

static void long_tone_is_cut(void **state)
{
    (void)state;
    MoltMixer mixer = {0};
    molt__mixer_add(&mixer, 440, INFINITY, 1);
    molt__mixer_render(&mixer, samples, 3 * MOLT__SOUND_RATE);
    assert_true(peak(2 * MOLT__SOUND_RATE, 3 * MOLT__SOUND_RATE) == 0);
}

static void dummy_device_plays(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    MoltSound *sound = molt__sound_open();
    assert_non_null(sound);
    assert_null(molt__sound_problem(sound));
    molt__sound_tone(sound, 440, 0.05f, 0.5f);
    for (int i = 0; i < 10; i++)
        molt__sound_update(sound);
    molt__sound_close(sound);
}

static void missing_device_is_survived(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "no-such-driver", 1);
    MoltSound *sound = molt__sound_open();
    assert_non_null(sound);
    assert_non_null(molt__sound_problem(sound));
    molt__sound_tone(sound, 440, 0.05f, 0.5f);
    molt__sound_update(sound);
    molt__sound_close(sound);
    molt__sound_tone(NULL, 440, 0.05f, 0.5f);
    molt__sound_update(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_told),
        cmocka_unit_test(tone_has_soft_edges_and_ends),
        cmocka_unit_test(tone_has_its_pitch),
        cmocka_unit_test(many_tones_stay_within_bounds),
        cmocka_unit_test(senseless_tones_are_ignored),
        cmocka_unit_test(long_tone_is_cut),
        cmocka_unit_test(dummy_device_plays),
        cmocka_unit_test(missing_device_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
