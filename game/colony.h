/* Everything of the game that lives on between two frames, reachable from Colony. Edit a struct
 * here while the game runs and save: it goes on. Nothing here may point at the game's own constants
 * (keep an index or a molt_strdup copy), and nothing here knows how the game is drawn. */
#ifndef COLONY_H
#define COLONY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <molt/molt.h>
#include <molt/platform_api.h>

/* ---- sizes ---------------------------------------------------------------------------------- */

enum {
    TILE_PIXELS = 6,
    CHUNK_SIZE = 16, /* tiles per side */
    CHUNKS_X = 11,
    CHUNKS_Y = 7,
    MAP_WIDTH = CHUNKS_X * CHUNK_SIZE, /* tiles */
    MAP_HEIGHT = CHUNKS_Y * CHUNK_SIZE,
    FIELD_WIDTH = MAP_WIDTH * TILE_PIXELS, /* canvas pixels; the panel stands right of it */
    FIELD_HEIGHT = MAP_HEIGHT * TILE_PIXELS,

    START_ANTS = 9400,
    START_BROOD = 700,
    CHAMBER_COUNT = 7,
    QUEEN_ATTENDANTS = 8,
    SPARK_COUNT = 1024,
    SAMPLE_COUNT = 192, /* one a second */
    TRACE_LENGTH = 192, /* four a second */
    NOTABLE_LIMIT = 8,
    EVENT_LIMIT = 96,
    SPIDER_LIMIT = 6,
    NAME_LENGTH = 16
};

typedef struct Colony Colony;
typedef struct Ant Ant;
typedef struct Nest Nest;
typedef struct Spider Spider;

/* What an ant does, called every few frames: a static function in the file of its caste. */
typedef void AntBehaviour(Colony *colony, Ant *ant);

/* ---- kinds ---------------------------------------------------------------------------------- */

typedef enum Caste {
    CASTE_FORAGER, /* fetches food */
    CASTE_GUARD,   /* fights spiders */
    CASTE_NURSE,   /* feeds brood and queen */
    CASTE_SCOUT,   /* finds food */
    CASTE_COUNT
} Caste;

typedef enum AntTraits {
    TRAIT_NONE = 0,
    TRAIT_VETERAN = 1 << 0, /* has a name */
    TRAIT_SWIFT = 1 << 1,   /* a quarter faster than others */
    TRAIT_BOLD = 1 << 2,    /* does not flee */
    TRAIT_HARDY = 1 << 3    /* may survive a bite */
} MOLT_FLAGS AntTraits;

typedef enum TileKind {
    TILE_SOIL,
    TILE_ROCK,
    TILE_WATER,
    TILE_WALL, /* put up by the player */
    TILE_NEST
} TileKind;

typedef enum Scent {
    SCENT_FOOD,  /* leads to food */
    SCENT_TRACK, /* somebody came by */
    SCENT_ALARM, /* a spider is near */
    SCENT_COUNT
} Scent;

typedef enum FoodKind {
    FOOD_NONE, /* blood, where a colour is wanted */
    FOOD_SEED,
    FOOD_LEAF,
    FOOD_SUGAR,
    FOOD_MEAT /* what is left of a spider */
} FoodKind;

/* What becomes of a pile that is left alone. */
typedef enum PileFate {
    PILE_KEEPS,   /* uses poured */
    PILE_ROTS,    /* uses rot */
    PILE_REGROWS, /* uses regrowth */
} PileFate;

typedef enum CargoKind {
    CARGO_NONE,
    CARGO_FOOD, /* uses food, amount, freshness */
    CARGO_MEAL, /* uses amount: granary to brood */
    CARGO_NEWS  /* uses place: where a scout found food */
} CargoKind;

typedef enum EventKind {
    EVENT_BIRTHS = 1, /* amount */
    EVENT_DEATHS,     /* amount */
    EVENT_FOOD_FOUND, /* place, who: what was found */
    EVENT_FOOD_GONE,  /* place, who: what is gone */
    EVENT_FIGHT,      /* place, who: the spider */
    EVENT_SLAIN,      /* place, who: the spider; amount: ants it ate */
    EVENT_PROMOTED,   /* place, who: the ant */
    EVENT_HERO_DIED,  /* place, who: the ant; amount: loads it carried */
    EVENT_FAMINE
} EventKind;

typedef enum BroodStage {
    BROOD_EGG, /* a third of the time each */
    BROOD_LARVA,
    BROOD_PUPA
} BroodStage;

typedef enum SpiderMood {
    SPIDER_ROAMING, /* has noticed nobody */
    SPIDER_HUNTING, /* has prey */
    SPIDER_FLEEING  /* bitten too often, off to the edge */
} SpiderMood;

typedef enum ChamberKind {
    CHAMBER_HALL, /* behind the entrance */
    CHAMBER_THRONE,
    CHAMBER_NURSERY,
    CHAMBER_GRANARY
} ChamberKind;

typedef enum Tool {
    TOOL_LOOK,   /* follow an ant */
    TOOL_FOOD,   /* pour sugar */
    TOOL_WALL,   /* build */
    TOOL_DIG,    /* take walls and rock away */
    TOOL_SPIDER, /* let one loose */
    TOOL_COUNT
} Tool;

/* ---- small values --------------------------------------------------------------------------- */

typedef struct Vec2 {
    float x, y; /* canvas pixels, or a direction */
} Vec2;

typedef struct Random {
    uint64_t state; /* never 0 */
} Random;

/* A member of a ring that goes through the structs that embed it. */
typedef struct Link {
    struct Link *next; /* itself when alone */
    struct Link *prev;
} Link;

/* ---- the land ------------------------------------------------------------------------------- */

/* A plant that puts forth again what the ants carry off. */
typedef struct Regrowth {
    int32_t fullness;    /* crumbs when nothing is missing */
    uint32_t grown;      /* crumbs ever put forth */
    uint64_t next_frame; /* when it grows again */
} Regrowth;

/* Flesh that goes off. */
typedef struct Rot {
    uint64_t since; /* frame in which it began */
    uint32_t lost;  /* crumbs that nobody ate */
} Rot;

typedef struct FoodPile {
    Vec2 centre;                       /* canvas pixels */
    float radius;                      /* holds all its tiles, canvas pixels */
    int32_t amount;                    /* crumbs on all its tiles */
    FoodKind kind;                     /* what it is */
    bool known;                        /* some ant came upon it */
    uint32_t loads MOLT_WAS("visits"); /* taken from it */
    char label[NAME_LENGTH];           /* for the log and the map */
    PileFate fate;                     /* which of these counts */
    union {
        uint32_t poured;   /* crumbs that the player added */
        Rot rot;           /* of a carcass */
        Regrowth regrowth; /* of leaves */
    } MOLT_TAG(fate);
    struct FoodPile *next; /* list of the map */
} FoodPile;

typedef struct Tile {
    TileKind kind;         /* what it is made of */
    uint16_t food;         /* crumbs */
    uint8_t column, row;   /* where it lies on the map */
    uint8_t shade;         /* grain of the ground, only for looks */
    unsigned explored : 1; /* some ant was here */
    unsigned steps : 7;    /* traffic, saturates */
    FoodPile *pile;        /* that the crumbs belong to, NULL without crumbs */
} Tile;

typedef struct ScentField {
    float level[CHUNK_SIZE][CHUNK_SIZE]; /* 0 to 1, [row][column] */
} MOLT_REMOVED("peak") ScentField;

typedef struct Chunk {
    int16_t column, row;                       /* in Map.chunks */
    Tile tiles[CHUNK_SIZE][CHUNK_SIZE];        /* [row][column] */
    uint16_t homeward[CHUNK_SIZE][CHUNK_SIZE]; /* walking distance to the nest, half tiles */
    ScentField scents[SCENT_COUNT];            /* by Scent */
} Chunk;

typedef struct Map {
    Chunk *chunks[CHUNKS_Y][CHUNKS_X]; /* all of them */
    FoodPile *piles;                   /* list */
    int32_t pile_count;                /* length of the list */
    int32_t explored;                  /* tiles some ant has seen */
    uint64_t next_pile_frame;          /* when new food falls */
    bool walls_changed;                /* homeward is stale */
} Map;

/* ---- the ants ------------------------------------------------------------------------------- */

/* What an ant carries; kind tells which fields count. */
typedef struct Cargo {
    CargoKind kind;  /* nothing when CARGO_NONE */
    FoodKind food;   /* what it once was */
    uint16_t amount; /* crumbs */
    float freshness; /* strength of the trail laid with it, 1 at the source */
    Vec2 place;      /* where it comes from */
} Cargo;

enum { TITLE_LENGTH = 24 };

/* An ant that made a name for itself. */
typedef struct Notable {
    char *name;               /* owned */
    char title[TITLE_LENGTH]; /* "the Strong" */
    Ant *ant;                 /* the bearer, alive */
    uint32_t since;           /* frame of the promotion */
    struct Notable *next;     /* list of the nest, oldest first */
} Notable;

typedef struct Brood {
    BroodStage stage; /* grows from egg to pupa */
    Caste destiny;    /* caste when it hatches */
    float growth;     /* 0 to 1 within its stage */
    Vec2 place;       /* in a nursery */
    Link link;        /* ring of the nest */
    Ant *nurse;       /* on her way here, or NULL */
    uint8_t meals;    /* got so far */
} Brood;

struct Ant {
    uint32_t id;          /* unique, counts up */
    uint32_t slot;        /* index in Colony.ants */
    Caste caste;          /* born as */
    AntTraits traits;     /* set of bits */
    Vec2 position;        /* canvas pixels */
    Vec2 heading;         /* unit vector */
    float speed;          /* pixels a frame */
    AntBehaviour *behave; /* what it does now */
    struct {
        float age;      /* seconds */
        float lifespan; /* seconds */
        float patience; /* seconds until it does something else */

        float stamina MOLT_DEFAULT(1); /* 1 fresh to 0 exhausted */
    };
    Cargo cargo;          /* what it carries */
    Nest *nest;           /* its home */
    Tile *target;         /* where a scout wants to go, inside a chunk; NULL: nowhere */
    Spider *foe;          /* that it runs at, or NULL */
    Brood *charge;        /* that a nurse is about to feed, or NULL */
    Notable *fame;        /* its entry among the notables, or NULL */
    unsigned trips : 12;  /* loads brought home */
    unsigned bites : 10;  /* given to spiders */
    unsigned resting : 1; /* inside the nest, unseen */
    unsigned steps : 9;   /* since it last turned, saturates */
};

/* ---- the nest ------------------------------------------------------------------------------- */

typedef struct Laying {
    double due MOLT_MOVED("^.eggs_due");     /* fraction of the next egg */
    uint64_t laid MOLT_MOVED("^.eggs_laid"); /* ever */
    uint64_t laid_before;                    /* up to the last midnight */
    uint32_t record;                         /* most eggs of a day */
} Laying;

typedef struct Queen {
    char *name;                        /* owned */
    Vec2 position;                     /* in the throne room */
    float vigour;                      /* 0 to 1, how well she is fed */
    Laying eggs;                       /* what she is there for */
    Nest *nest;                        /* hers */
    Ant *attendants[QUEEN_ATTENDANTS]; /* nurses at court, NULL where a place is free */
} Queen;

typedef struct Chamber {
    ChamberKind kind; /* what it is for */
    Vec2 centre;      /* canvas pixels */
    float radius;     /* canvas pixels */
} Chamber;

struct Nest {
    Vec2 centre;                     /* of the entrance */
    float radius;                    /* of the mound */
    double food;                     /* crumbs in store */
    double capacity;                 /* crumbs that fit */
    Queen *queen;                    /* one */
    Chamber chambers[CHAMBER_COUNT]; /* the hall first */
    Link brood;                      /* ring through Brood.link */
    Link *rota;                      /* next brood to feed, in that ring */
    int32_t brood_count;             /* length of the ring */
    int32_t census[CASTE_COUNT];     /* ants alive by Caste */
    int64_t delivered;               /* crumbs ever brought home */
    Notable *notables;               /* list */
    int32_t notable_count;           /* length of the list */
    bool famine;                     /* the store is empty */
    uint32_t days;                   /* that the books are closed of */
};

/* ---- the world around ----------------------------------------------------------------------- */

struct Spider {
    char name[NAME_LENGTH]; /* for the log */
    SpiderMood mood;        /* what it is up to */
    Vec2 position;          /* canvas pixels */
    Vec2 heading;           /* unit vector */
    float health;           /* 1 to 0 */
    float gait;             /* phase of the legs, radians */
    int16_t cooldown;       /* frames until it can bite again */
    uint32_t eaten;         /* ants */
    bool fought;            /* the log knows */
    Ant *prey;              /* within its reach, or NULL */
    Spider *next;           /* list of the colony */
};

typedef struct Sky {
    float hour MOLT_DEFAULT(9);  /* 0 to 24 */
    float light MOLT_DEFAULT(1); /* 0 night to 1 day */
    uint32_t days;               /* that are over */
} Sky;

/* Factors from assets/tuning.txt; 1 is the ordinary world. */
typedef struct Tuning {
    uint64_t version;                   /* of the file that they come from */
    float ant_speed MOLT_DEFAULT(1);    /* of all castes */
    float spider_speed MOLT_DEFAULT(1); /* of all spiders */
    float eggs MOLT_DEFAULT(1);         /* laid a frame */
} Tuning;

/* Something worth telling; which fields count is written at EventKind. */
typedef struct Event {
    EventKind kind;     /* what */
    uint64_t frame;     /* when */
    Vec2 place;         /* where */
    int32_t amount;     /* how many */
    char *who;          /* owned, NULL where nobody is named */
    struct Event *next; /* newer one */
} Event;

typedef struct EventQueue {
    Event *oldest, *newest; /* ends of the list, NULL when empty */
    int32_t count;          /* length of the list */
    uint64_t posted;        /* ever */
} EventQueue;

typedef struct Spark {
    Vec2 position; /* canvas pixels */
    Vec2 velocity; /* pixels a frame */
    float life;    /* 1 to 0; unused at 0 */
    FoodKind food; /* colour; FOOD_NONE is blood */
} Spark;

/* ---- numbers -------------------------------------------------------------------------------- */

typedef struct Sample {
    int32_t ants;      /* alive */
    int32_t brood;     /* alive */
    float food;        /* in store */
    int32_t births;    /* in that second */
    int32_t deaths;    /* in that second */
    int32_t delivered; /* crumbs in that second */
} Sample;

/* What ants die of. */
typedef enum Cause { CAUSE_AGE, CAUSE_HUNGER, CAUSE_SPIDER, CAUSE_COUNT } Cause;

typedef enum Watch {
    WATCH_VIGOUR,   /* of the queen */
    WATCH_SCENT,    /* of food, at the cursor */
    WATCH_STAMINA,  /* of the selected ant */
    WATCH_SELECTED, /* age of the selected ant */
    WATCH_COUNT
} Watch;

typedef struct Stats {
    Sample *samples;                                   /* ring of SAMPLE_COUNT */
    Sample *latest;                                    /* the one that fills now, in that ring */
    uint32_t seconds;                                  /* samples finished */
    Watch watch;                                       /* what the second plot shows */
    float *watched;                                    /* the value itself, anywhere in the state */
    float trace[TRACE_LENGTH];                         /* its past, oldest first */
    uint64_t births, deaths;                           /* ever */
    uint64_t deaths_by[CAUSE_COUNT] MOLT_INDEX(Cause); /* since they are told apart */
    uint64_t births_before;                            /* up to the latest sample */
    uint64_t deaths_before;                            /* up to the latest sample */
    int64_t delivered_before;                          /* Nest.delivered at the latest sample */
    uint64_t eaten;                                    /* by spiders, ever */
    double distance;                                   /* walked by all ants, in tiles */
} Stats;

typedef struct Player {
    Tool tool;        /* in hand */
    float brush;      /* radius in tiles */
    Vec2 cursor;      /* canvas pixels */
    Ant *selected;    /* the ant looked at, or NULL */
    Tile *hover;      /* under the cursor, or NULL */
    bool paused;      /* the ants stand still */
    uint32_t strokes; /* mouse presses on the field */
} Player;

struct Colony {
    const MoltPlatformApi *api MOLT_EXTERNAL; /* the host */
    uint64_t frame;                           /* steps done, without pauses */
    Random random;                            /* the only source of chance */
    Sky sky;                                  /* day and night */
    Tuning tuning;                            /* what the player's file says */
    Map *map;                                 /* the land */
    Nest *nest;                               /* home */
    Ant **ants;                               /* block of ant_capacity pointers */
    uint32_t ant_count;                       /* ants alive, the first ones in the block */
    uint32_t ant_capacity;                    /* pointers in the block */
    uint32_t next_id;                         /* of the next ant */
    Spider *spiders;                          /* list */
    int32_t spider_count;                     /* length of the list */
    EventQueue events;                        /* what happened lately */
    Spark *sparks;                            /* block of SPARK_COUNT */
    Spark *next_spark;                        /* in that block, the one to use next */
    Stats stats;                              /* numbers and plots */
    Player player;                            /* tools */
};

MOLT_ROOT(Colony);

#endif
