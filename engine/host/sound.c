#include "sound.h"

#include <SDL.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TWO_PI 6.283185307179586
#define ATTACK (MOLT__SOUND_RATE / 200) /* 5 ms: no click at the start */
#define CHUNK 512
/* Enough that a frame that is late by two does not leave a gap. */
#define QUEUE_BYTES ((Uint32)(MOLT__SOUND_RATE / 15 * (int)sizeof(float)))
#define HERTZ_MAX (MOLT__SOUND_RATE / 2.0f)
#define HEADROOM 0.35f

struct MoltSound {
    SDL_AudioDeviceID device; /* 0 without sound */
    bool subsystem;           /* SDL's audio is initialised by us */
    char problem[200];
    MoltMixer mixer;
};

void molt__mixer_add(MoltMixer *mixer, float hertz, float seconds, float volume)
{
    if (!(hertz >= 1) || !(hertz < HERTZ_MAX) || !(seconds > 0) || !(volume > 0))
        return;
    MoltVoice *chosen = mixer->voices;
    for (int i = 0; i < MOLT__VOICES; i++) {
        MoltVoice *voice = &mixer->voices[i];
        if (voice->length - voice->position < chosen->length - chosen->position)
            chosen = voice;
    }
    float cut = seconds < MOLT__TONE_SECONDS ? seconds : MOLT__TONE_SECONDS;
    *chosen = (MoltVoice){
        .step = (double)hertz / MOLT__SOUND_RATE,
        .volume = volume < 1 ? volume : 1,
        .length = (int)(cut * (float)MOLT__SOUND_RATE),
    };
}

/* Rises over the attack, then decays towards the end, so that neither edge clicks. */
static float envelope(const MoltVoice *voice)
{
    float rise = (float)voice->position / (float)ATTACK;
    float left = 1.0f - (float)voice->position / (float)voice->length;
    return (rise < 1 ? rise : 1) * left * left;
}

static void render_voice(MoltVoice *voice, float *samples, int count)
{
    for (int i = 0; i < count && voice->position < voice->length; i++) {
        samples[i] += (float)sin(voice->phase * TWO_PI) * envelope(voice) * voice->volume * HEADROOM;
        voice->phase += voice->step;
        voice->phase -= voice->phase >= 1;
        voice->position++;
    }
    if (voice->position >= voice->length)
        *voice = (MoltVoice){0};
}

bool molt__mixer_render(MoltMixer *mixer, float *samples, int count)
{
    bool sounding = false;
    memset(samples, 0, sizeof *samples * (size_t)count);
    for (int i = 0; i < MOLT__VOICES; i++) {
        if (!mixer->voices[i].length)
            continue;
        sounding = true;
        render_voice(&mixer->voices[i], samples, count);
    }
    for (int i = 0; sounding && i < count; i++)
        samples[i] = samples[i] > 1 ? 1 : samples[i] < -1 ? -1 : samples[i];
    return sounding;
}

MoltSound *molt__sound_open(void)
{
    SDL_AudioSpec want = {.freq = MOLT__SOUND_RATE, .format = AUDIO_F32SYS, .channels = 1,
                          .samples = 1024};
    MoltSound *sound = calloc(1, sizeof *sound);
    if (!sound)
        return NULL;
    sound->subsystem = SDL_InitSubSystem(SDL_INIT_AUDIO) == 0;
    if (sound->subsystem)
        sound->device = SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0);
    if (sound->device)
        SDL_PauseAudioDevice(sound->device, 0);
    else
        SDL_strlcpy(sound->problem, SDL_GetError(), sizeof sound->problem);
    return sound;
}

void molt__sound_close(MoltSound *sound)
{
    if (!sound)
        return;
    if (sound->device)
        SDL_CloseAudioDevice(sound->device);
    if (sound->subsystem)
        SDL_QuitSubSystem(SDL_INIT_AUDIO);
    free(sound);
}

const char *molt__sound_problem(const MoltSound *sound)
{
    return sound->device ? NULL : sound->problem;
}

void molt__sound_tone(MoltSound *sound, float hertz, float seconds, float volume)
{
    if (sound && sound->device)
        molt__mixer_add(&sound->mixer, hertz, seconds, volume);
}

void molt__sound_update(MoltSound *sound)
{
    float samples[CHUNK];
    if (!sound || !sound->device)
        return;
    /* An empty queue is silence, so nothing is queued while no tone sounds: a tone then starts at
     * once instead of behind queued silence. */
    while (SDL_GetQueuedAudioSize(sound->device) < QUEUE_BYTES &&
           molt__mixer_render(&sound->mixer, samples, CHUNK))
        if (SDL_QueueAudio(sound->device, samples, sizeof samples) != 0)
            break;
}
