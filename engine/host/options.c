#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <molt/byte_size.h>
#include <molt/platform_api.h>

#define WINDOW_MIN 64
#define WINDOW_MAX 8192
#define HISTORY_MAX 1000
#define THREADS_MAX 256

enum {
    OPTION_HEADLESS = 256,
    OPTION_FRAMES,
    OPTION_SEED,
    OPTION_SIZE,
    OPTION_DUMP,
    OPTION_DUMP_ADDRESSES,
    OPTION_LOAD_JSON,
    OPTION_MAX_MEMORY,
    OPTION_SCREENSHOT,
    OPTION_EVENTS,
    OPTION_DUMP_RELOADS,
    OPTION_CONSOLE,
    OPTION_RELOAD_EVERY,
    OPTION_SWAP,
    OPTION_THREADS,
    OPTION_SAVE,
    OPTION_LOAD,
    OPTION_AUTOSAVE,
    OPTION_RECOVER,
    OPTION_HISTORY,
    OPTION_TRUST,
    OPTION_LOAD_LIVE,
    OPTION_THROUGH_FILE,
    OPTION_NO_GUARD,
    OPTION_WATCHDOG,
    OPTION_RESUME,
    OPTION_NO_BUILD,
    OPTION_NO_RESIDENT,
    OPTION_BUILD,
    OPTION_WATCH,
    OPTION_ASSETS,
    OPTION_STRICT,
    OPTION_MISSING_FUNCTIONS,
    OPTION_FPS,
    OPTION_MUTE,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"headless", no_argument, NULL, OPTION_HEADLESS},
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"dump", required_argument, NULL, OPTION_DUMP},
    {"dump-addresses", no_argument, NULL, OPTION_DUMP_ADDRESSES},
    {"load-json", required_argument, NULL, OPTION_LOAD_JSON},
    {"max-memory", required_argument, NULL, OPTION_MAX_MEMORY},
    {"screenshot", required_argument, NULL, OPTION_SCREENSHOT},
    {"events", required_argument, NULL, OPTION_EVENTS},
    {"dump-reloads", required_argument, NULL, OPTION_DUMP_RELOADS},
    {"console", no_argument, NULL, OPTION_CONSOLE},
    {"reload-every", required_argument, NULL, OPTION_RELOAD_EVERY},
    {"swap", required_argument, NULL, OPTION_SWAP},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"no-build", no_argument, NULL, OPTION_NO_BUILD},
    {"no-resident", no_argument, NULL, OPTION_NO_RESIDENT},
    {"build", required_argument, NULL, OPTION_BUILD},
    {"watch", required_argument, NULL, OPTION_WATCH},
    {"assets", required_argument, NULL, OPTION_ASSETS},
    {"save", required_argument, NULL, OPTION_SAVE},
    {"load", required_argument, NULL, OPTION_LOAD},
    {"autosave", required_argument, NULL, OPTION_AUTOSAVE},
    {"history", required_argument, NULL, OPTION_HISTORY},
    {"recover", no_argument, NULL, OPTION_RECOVER},
    {"trust", no_argument, NULL, OPTION_TRUST},
    {"load-live", no_argument, NULL, OPTION_LOAD_LIVE},
    {"reload-through-file", no_argument, NULL, OPTION_THROUGH_FILE},
    {"no-guard", no_argument, NULL, OPTION_NO_GUARD},
    {"watchdog", required_argument, NULL, OPTION_WATCHDOG},
    {"resume", required_argument, NULL, OPTION_RESUME}, /* from the host to itself */
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"missing-functions", required_argument, NULL, OPTION_MISSING_FUNCTIONS},
    {"fps", no_argument, NULL, OPTION_FPS},
    {"mute", no_argument, NULL, OPTION_MUTE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char usage_line[] = "usage: molt-host LIBRARY.so [options]\n";

static const char usage_text[] =
    "\n"
    "Runs a game from a shared library and reloads it, state and all, whenever it changes.\n"
    "\n"
    "  --headless         no window; with --frames as fast as possible, else 60 steps a second\n"
    "  --frames N         exit after N frames (default 0: when the game or somebody ends it)\n"
    "  --seed N           the game's seed (default 1)\n"
    "  --size WxH         window or picture size in pixels (default 1280x720)\n"
    "  --threads N        threads for the game's parallel work (default: one a processor; 1: none)\n"
    "  --fps              show frames a second and the cost of a frame\n"
    "  --mute             no sound\n"
    "\n"
    "  --build COMMAND    what the shell runs to build the library when a source changes (default: what\n"
    "                     stands in LIBRARY.so.molt)\n"
    "  --watch PATH       start the build when this file, or one below this folder, changes, too; several\n"
    "  --assets DIR       where the game's assets are (default: as LIBRARY.so.molt says)\n"
    "  --no-build         reload a changed library, but never build it when its sources change\n"
    "  --no-resident      keep no code generator in memory for the builds\n"
    "  --strict           refuse a reload that would lose a value\n"
    "  --missing-functions null\n"
    "                     a pointer to a function that is gone or has another type becomes NULL, until\n"
    "                     the function returns; without this, or with refuse, the reload is refused.\n"
    "                     In loads only with --load-live, and then for good\n"
    "  --reload-every N   reload the same library every N frames, changed or not\n"
    "  --swap N=FILE.so   at frame N put a copy of FILE.so in the library's place and reload it;\n"
    "                     several\n"
    "  --no-guard         let a crash of the game end the process: for debuggers\n"
    "  --watchdog N       a frame of N seconds of processor time is a crash (default 5; 0: none is)\n"
    "  --history N        keep the last N generations of the code, to go back to (default 8; 0: none)\n"
    "  --reload-through-file\n"
    "                     take the state through a snapshot file at each reload: a test\n"
    "\n"
    "  --load FILE        begin with the state of a snapshot file\n"
    "  --save FILE        write the state to a snapshot file at exit\n"
    "  --autosave N       write the state to NAME.autosave.molt every N seconds of the game\n"
    "  --recover          begin with what a session left that crashed or was killed\n"
    "  --load-live        let a snapshot file that is loaded lose values: they are reported, and gone\n"
    "  --trust            map snapshot files and do not check their content: only for your own\n"
    "\n"
    "  --dump FILE        write the state as JSON at exit\n"
    "  --load-json FILE   start with the state of a dump\n"
    "  --max-memory N     bytes that the state of a dump may take, and a dump from a pipe: 2G, 512M,\n"
    "                     100K (default: a state 256M and 64 for each byte of its text, a pipe 1G)\n"
    "  --dump-addresses   add the address of every object to the dumps\n"
    "  --dump-reloads DIR write state and schema before and after every reload to DIR\n"
    "  --screenshot FILE  write the last picture as PNG at exit\n"
    "  --events FILE      append what happens as lines of JSON; - is standard output\n"
    "  --console          read commands from standard input, one a line:\n"
    "                     screenshot PATH, dump PATH, save PATH, load PATH, load-json PATH,\n"
    "                     show VALUE, leaks, undo, redo, history, frames, quit\n"
    "                     (the end of input quits unless --frames is given)\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "Keys: F1 help, F5 dump the state, F6 save, F9 load, F7 back to the code before, F8 forward again,\n"
    "F12 screenshot, Esc quit. The rest belongs to the game.\n";

void molt__options_usage(FILE *file, bool brief)
{
    fputs(usage_line, file);
    fputs(brief ? "Try molt-host --help.\n" : usage_text, file);
}

static MoltStatus parse_count(const char *name, const char *text, uint64_t *out, MoltError *error)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || text[0] < '0' || text[0] > '9' || *end)
        return molt_error(error, MOLT_INVALID, "--%s wants a whole number, not \"%s\".", name, text);
    *out = value;
    return MOLT_OK;
}

static MoltStatus parse_size(const char *text, MoltOptions *out, MoltError *error)
{
    char *end = NULL;
    long width = strtol(text, &end, 10);
    long height = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
    if (*end || width < WINDOW_MIN || width > WINDOW_MAX || height < WINDOW_MIN ||
        height > WINDOW_MAX)
        return molt_error(error, MOLT_INVALID,
                          "--size wants WIDTHxHEIGHT between %d and %d pixels, such as 1280x720, "
                          "not \"%s\".", WINDOW_MIN, WINDOW_MAX, text);
    out->width = (int)width;
    out->height = (int)height;
    return MOLT_OK;
}

static MoltStatus parse_swap(const char *text, MoltOptions *out, MoltError *error)
{
    char *end = NULL;
    errno = 0;
    unsigned long long frame = strtoull(text, &end, 10);
    if (errno || text[0] < '0' || text[0] > '9' || end[0] != '=' || !end[1])
        return molt_error(error, MOLT_INVALID,
                          "--swap wants FRAME=FILE.so, such as 60=other/libgame.so, not \"%s\".", text);
    if (out->swap_count == MOLT__SWAPS_MAX)
        return molt_error(error, MOLT_INVALID, "--swap can be given %d times at most.",
                          MOLT__SWAPS_MAX);
    out->swaps[out->swap_count++] = (MoltSwap){frame, end + 1};
    return MOLT_OK;
}

static MoltStatus parse_history(const char *text, MoltOptions *out, MoltError *error)
{
    MoltStatus status = parse_count("history", text, &out->history, error);
    if (status == MOLT_OK && out->history > HISTORY_MAX)
        return molt_error(error, MOLT_INVALID, "--history keeps %d generations at most, not %s.",
                          HISTORY_MAX, text);
    return status;
}

static MoltStatus parse_threads(const char *text, MoltOptions *out, MoltError *error)
{
    MoltStatus status = parse_count("threads", text, &out->threads, error);
    if (status == MOLT_OK && (out->threads == 0 || out->threads > THREADS_MAX))
        return molt_error(error, MOLT_INVALID, "--threads wants a number from 1 to %d, not %s.",
                          THREADS_MAX, text);
    return status;
}

static MoltStatus parse_memory(const char *text, MoltOptions *out, MoltError *error)
{
    out->max_memory = molt_byte_size_read(text);
    return out->max_memory > 0 ? MOLT_OK
                               : molt_error(error, MOLT_INVALID,
                                            "--max-memory wants a size such as 512M, not %s.", text);
}

static MoltStatus parse_missing(const char *text, MoltOptions *out, MoltError *error)
{
    out->null_functions = strcmp(text, "null") == 0;
    if (!out->null_functions && strcmp(text, "refuse") != 0)
        return molt_error(error, MOLT_INVALID, "--missing-functions is refuse or null, not %s.",
                          text);
    return MOLT_OK;
}

static MoltStatus parse_watch(const char *text, MoltOptions *out, MoltError *error)
{
    if (out->watch_count == MOLT__WATCHES_MAX)
        return molt_error(error, MOLT_INVALID, "--watch can be given %d times at most.",
                          MOLT__WATCHES_MAX);
    out->watch[out->watch_count++] = text;
    return MOLT_OK;
}

static MoltStatus apply(int option, MoltOptions *out, MoltError *error)
{
    switch (option) {
    case OPTION_HEADLESS: out->headless = true; break;
    case OPTION_FRAMES: return parse_count("frames", optarg, &out->frames, error);
    case OPTION_SEED: return parse_count("seed", optarg, &out->seed, error);
    case OPTION_SIZE: return parse_size(optarg, out, error);
    case OPTION_DUMP: out->dump = optarg; break;
    case OPTION_LOAD_JSON: out->load_json = optarg; break;
    case OPTION_MAX_MEMORY: return parse_memory(optarg, out, error);
    case OPTION_DUMP_ADDRESSES: out->dump_addresses = true; break;
    case OPTION_SCREENSHOT: out->screenshot = optarg; break;
    case OPTION_EVENTS: out->events = optarg; break;
    case OPTION_DUMP_RELOADS: out->dump_reloads = optarg; break;
    case OPTION_CONSOLE: out->console = true; break;
    case OPTION_RELOAD_EVERY: return parse_count("reload-every", optarg, &out->reload_every, error);
    case OPTION_SWAP: return parse_swap(optarg, out, error);
    case OPTION_BUILD: out->build = optarg; break;
    case OPTION_WATCH: return parse_watch(optarg, out, error);
    case OPTION_ASSETS: out->assets = optarg; break;
    case OPTION_NO_BUILD: out->no_build = true; break;
    case OPTION_NO_RESIDENT: out->no_resident = true; break;
    case OPTION_STRICT: out->strict = true; break;
    case OPTION_MISSING_FUNCTIONS: return parse_missing(optarg, out, error);
    case OPTION_SAVE: out->save = optarg; break;
    case OPTION_LOAD: out->load = optarg; break;
    case OPTION_AUTOSAVE: return parse_count("autosave", optarg, &out->autosave, error);
    case OPTION_THREADS: return parse_threads(optarg, out, error);
    case OPTION_HISTORY: return parse_history(optarg, out, error);
    case OPTION_RECOVER: out->recover = true; break;
    case OPTION_TRUST: out->trust = true; break;
    case OPTION_LOAD_LIVE: out->load_live = true; break;
    case OPTION_THROUGH_FILE: out->through_file = true; break;
    case OPTION_NO_GUARD: out->no_guard = true; break;
    case OPTION_WATCHDOG: return parse_count("watchdog", optarg, &out->watchdog, error);
    case OPTION_RESUME: out->resume = optarg; break;
    case OPTION_FPS: out->fps = true; break;
    case OPTION_MUTE: out->mute = true; break;
    case OPTION_HELP: out->help = true; break;
    case OPTION_VERSION: out->version = true; break;
    }
    return MOLT_OK;
}

MoltStatus molt__options_parse(int argc, char **argv, MoltOptions *out, MoltError *error)
{
    *out = (MoltOptions){.seed = 1, .history = 8, .watchdog = 5,
                         .width = MOLT_VIEW_WIDTH, .height = MOLT_VIEW_HEIGHT};
    out->command = argv;
    opterr = 0; /* the caller prints */
    optind = 0; /* start afresh, also when argv was parsed before */
    int option;
    /* The leading ':' tells a missing argument from an unknown option. */
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == ':')
            return molt_error(error, MOLT_INVALID, "%s needs a value.", argv[optind - 1]);
        if (option == '?')
            return molt_error(error, MOLT_INVALID, "Unknown option %s.",
                              optopt && optopt < 256 ? (char[]){'-', (char)optopt, 0}
                                                     : argv[optind - 1]);
        MoltStatus status = apply(option, out, error);
        if (status || out->help || out->version)
            return status;
    }
    if (optind >= argc)
        return molt_error(error, MOLT_INVALID, "No game library given.");
    if (optind + 1 < argc)
        return molt_error(error, MOLT_INVALID, "One game library at a time: %s and %s were given.",
                          argv[optind], argv[optind + 1]);
    out->library = argv[optind];
    if (out->build && out->no_build)
        return molt_error(error, MOLT_INVALID, "--build and --no-build exclude each other.");
    if (out->strict && out->null_functions && !out->load_live)
        return molt_error(error, MOLT_INVALID,
                          "--strict and --missing-functions null exclude each other, unless "
                          "--load-live is for loads: a NULL is a loss.");
    return MOLT_OK;
}
