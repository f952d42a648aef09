/* The log: a list of what happened lately, oldest first, with sounds for what matters. */
#include "actions.h"

#include <stdio.h>

static const struct {
    MoltColor color;
    float hertz; /* of its sound, 0: silent */
} kinds[] = {
    [EVENT_BIRTHS] = {{150, 200, 140, 255}, 0},
    [EVENT_DEATHS] = {{150, 140, 130, 255}, 0},
    [EVENT_FOOD_FOUND] = {{236, 206, 110, 255}, 660},
    [EVENT_FOOD_GONE] = {{170, 150, 110, 255}, 0},
    [EVENT_FIGHT] = {{250, 120, 90, 255}, 180},
    [EVENT_SLAIN] = {{255, 90, 80, 255}, 110},
    [EVENT_PROMOTED] = {{130, 200, 255, 255}, 880},
    [EVENT_HERO_DIED] = {{190, 170, 210, 255}, 220},
    [EVENT_FAMINE] = {{255, 60, 60, 255}, 90},
};

static void event_destroy(Event *event)
{
    molt_delete(event->who);
    molt_delete(event);
}

static void events_pop(EventQueue *events)
{
    Event *event = events->oldest;
    events->oldest = event->next;
    if (!events->oldest)
        events->newest = NULL;
    events->count--;
    event_destroy(event);
}

void event_post(Colony *colony, EventKind kind, Vec2 place, int32_t amount, const char *who)
{
    EventQueue *events = &colony->events;
    Event *event = molt_new(Event);
    if (!event)
        return;
    event->kind = kind;
    event->frame = colony->frame;
    event->place = place;
    event->amount = amount;
    event->who = who ? molt_strdup(who) : NULL;

    if (events->newest)
        events->newest->next = event;
    else
        events->oldest = event;
    events->newest = event;
    events->count++;
    events->posted++;
    if (kinds[kind].hertz > 0)
        colony->api->tone(colony->api, kinds[kind].hertz, 0.12f, 0.15f);
}

void event_text(const Event *event, char *text, size_t size)
{
    const char *who = event->who ? event->who : "?";
    switch (event->kind) {
    case EVENT_BIRTHS: snprintf(text, size, "%d ants hatched", event->amount); break;
    case EVENT_DEATHS: snprintf(text, size, "%d ants died", event->amount); break;
    case EVENT_FOOD_FOUND: snprintf(text, size, "found %d %s", event->amount, who); break;
    case EVENT_FOOD_GONE: snprintf(text, size, "no more %s there", who); break;
    case EVENT_FIGHT: snprintf(text, size, "%s attacks!", who); break;
    case EVENT_SLAIN: snprintf(text, size, "slew %s", who); break;
    case EVENT_PROMOTED: snprintf(text, size, "%s made a name", who); break;
    case EVENT_HERO_DIED: snprintf(text, size, "%s died, %d loads", who, event->amount); break;
    case EVENT_FAMINE: snprintf(text, size, "famine in the nest!"); break;
    }
}

MoltColor event_color(const Event *event)
{
    return kinds[event->kind].color;
}

void events_step(Colony *colony)
{
    while (colony->events.count > EVENT_LIMIT)
        events_pop(&colony->events);
}

void events_clear(EventQueue *events)
{
    while (events->oldest)
        events_pop(events);
}
