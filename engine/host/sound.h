/* Tones: a small mixer of sines with soft edges, and the audio device that plays it. It must never
 * know who asked for a tone. */
#ifndef MOLT_HOST_SOUND_H
#define MOLT_HOST_SOUND_H

#include <stdbool.h>

#define MOLT__SOUND_RATE 44100 /* samples a second, one channel */
#define MOLT__VOICES 24
#define MOLT__TONE_SECONDS 2.0f

/* One sounding tone. */
typedef struct MoltVoice {
    double phase, step; /* in turns; a turn is one period of the sine */
    float volume;       /* 0..1 */
    int position;       /* samples played */
    int length;         /* samples; 0: silent and free */
} MoltVoice;

typedef struct MoltMixer {
    MoltVoice voices[MOLT__VOICES]; /* all zero: silence */
} MoltMixer;

/* Adds a tone. When all voices sound, the one nearest its end gives way. What is not finite, not
 * audible or longer than 2 s is ignored or cut. */
void molt__mixer_add(MoltMixer *mixer, float hertz, float seconds, float volume);
/* Writes the next `count` samples, each within -1..1. False when all of them are silence. */
bool molt__mixer_render(MoltMixer *mixer, float *samples, int count);

typedef struct MoltSound MoltSound;

/* Never NULL unless memory is out; without a usable audio device the sound is silent and
 * molt__sound_problem() says why. */
MoltSound *molt__sound_open(void);
void molt__sound_close(MoltSound *sound); /* NULL allowed */
const char *molt__sound_problem(const MoltSound *sound); /* NULL when sound works */

/* NULL sound does nothing, in both. */
void molt__sound_tone(MoltSound *sound, float hertz, float seconds, float volume);
/* Feeds the device; call once per frame. */
void molt__sound_update(MoltSound *sound);

#endif
