#include "session_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)
#define FRAME_NS (SECOND_NS / MOLT_FRAMES_PER_SECOND)
#define WATCHDOG_MAX UINT64_C(1000000) /* seconds */
/* Further behind than this, the lost time is given up instead of being caught up. */
#define BEHIND_MAX_NS (SECOND_NS / 10)
/* A screen of 59.95 or 60.05 Hz drifts against the clock; half a frame of tolerance leaves the pace to
 * the screen as long as it keeps one. */
#define SCREEN_SLACK_NS (FRAME_NS / 2)
/* Where the heap of a session is that begins with a file, so that the file's state gets the address at
 * which its pointers are right as they are. */
#define ASIDE_BASE ((uintptr_t)0x280000000000)

/* ---- time ----------------------------------------------------------------------------------- */

uint64_t molt__session_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* As files are stamped: what is saved from now on is not older. */
static uint64_t file_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t molt__session_ms(void)
{
    return molt__session_ns() / 1000000;
}

static bool as_fast_as_possible(const Session *session)
{
    return session->options->headless && session->options->frames;
}

static void count_rate(Session *session)
{
    if (!session->options->fps)
        return;
    uint64_t now = molt__session_ns();
    session->rate_frames++;
    session->rate_busy_ns += session->busy_ns;
    if (now - session->rate_at < SECOND_NS / 2)
        return;
    snprintf(session->overlay.rate, sizeof session->overlay.rate, "%.0f fps   %.1f ms a frame",
             (double)session->rate_frames * 1e9 / (double)(now - session->rate_at),
             (double)session->rate_busy_ns / 1e6 / (double)session->rate_frames);
    session->rate_at = now;
    session->rate_frames = session->rate_busy_ns = 0;
}

/* ---- reloads -------------------------------------------------------------------------------- */

void molt__session_complain(const MoltError *error)
{
    fprintf(stderr, "molt-host: %s\n", error->text);
}

static void before_reload(void *context)
{
    Session *session = context;
    MoltError error;
    if (molt__dumps_before(&session->dumps, session->reload, &error))
        molt__session_complain(&error);
}

static void after_reload(void *context, const MoltReloadEvent *event)
{
    Session *session = context;
    MoltError error;
    (void)event;
    if (molt__dumps_after(&session->dumps, session->reload, &error))
        molt__session_complain(&error);
}

static void on_fault(void *context, const char *text)
{
    Session *session = context;
    fprintf(stderr, "molt-host: the game misused the heap: %s\n", text);
    molt__events_fault(session->events, session->platform.frame, text);
    abort(); /* the game cannot go on, and a debugger or core file shows who called */
}

/* In a signal handler. */
static void on_dying(void *context, const char *text)
{
    (void)context;
    (void)!write(STDERR_FILENO, "molt-host: ", 11);
    (void)!write(STDERR_FILENO, text, strlen(text));
    (void)!write(STDERR_FILENO, "\n", 1);
}

/* A game that crashed and that nobody has mended by the end is a failure. */
static bool ended_well(const Session *session)
{
    bool frozen = molt_reload_frozen(session->reload);
    if (frozen)
        fputs("molt-host: the game stood still at the end, because it had crashed\n", stderr);
    return !frozen;
}

static void set_title(Session *session, const char *outcome)
{
    char title[256];
    const char *name = strrchr(session->options->library, '/');
    name = name ? name + 1 : session->options->library;
    int length = (int)strcspn(name, ".");
    snprintf(title, sizeof title, "%.*s - generation %" PRIu32 "%s%s - Molt", length, name,
             molt_reload_generation(session->reload), *outcome ? " - " : "", outcome);
    molt__display_set_title(session->display, title);
}

static void print_outcome(const MoltReloadEvent *event)
{
    fprintf(stderr, "molt-host: %s\n", event->headline);
    for (const char *line = event->detail; *line;) {
        int length = (int)strcspn(line, "\n");
        fprintf(stderr, "    %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

/* An attempt has ended, one way or the other. */
static void finish_attempt(Session *session, const MoltReloadEvent *event, bool quiet)
{
    MoltSummary summary;
    const MoltDumps *dumps = &session->dumps;
    MoltReloadRecord record = {
        .sequence = dumps->sequence,
        .frame = session->platform.frame,
        .dump_ns = dumps->nanoseconds,
        .before = dumps->before[0] ? dumps->before : NULL,
        .after = dumps->after[0] ? dumps->after : NULL,
    };
    if (!molt_reload_frozen(session->reload))
        molt__overlay_set_crash(&session->overlay, "");
    if (event->kind != MOLT_EVENT_BUILD_FAILED)
        molt_assets_ask_again(session->assets);
    molt__summary_write(event, &summary);
    molt__overlay_show(&session->overlay, &summary, molt__session_ms());
    molt__events_reload(session->events, event, &record);
    if (event->kind == MOLT_EVENT_RELOADED)
        session->started = record;
    if (!quiet || event->kind != MOLT_EVENT_RELOADED)
        print_outcome(event);
    set_title(session, event->outcome);
}

/* The game's frames are counted from what the state is of. */
static void show_crash(Session *session, const MoltReloadEvent *event)
{
    MoltSummary summary;
    session->platform.frames_before -= event->frames_back;
    session->started.sequence = 0;
    molt_assets_ask_again(session->assets);
    molt__summary_write(event, &summary);
    molt__overlay_set_crash(&session->overlay, "");
    molt__overlay_show(&session->overlay, &summary, molt__session_ms());
    molt__overlay_set_crash(&session->overlay, event->headline);
    molt__events_crashed(session->events, event, session->platform.frame);
    print_outcome(event);
    set_title(session, event->outcome);
}

static void show_warning(Session *session, const MoltReloadEvent *event)
{
    MoltSummary summary;
    molt__summary_write(event, &summary);
    molt__overlay_show(&session->overlay, &summary, molt__session_ms());
    molt__events_no_checkpoint(session->events, event, session->platform.frame);
    print_outcome(event);
}

/* A build ends a code generator that hangs, and does without. */
static void tell_resident(const MoltReloadEvent *event)
{
    if (event->resident_signal != 0)
        fprintf(stderr,
                "molt-host: the code generator in memory was ended by signal %d, for it did not answer or "
                "crashed; the next build has a new one\n",
                event->resident_signal);
}

static void handle(Session *session, const MoltReloadEvent *event)
{
    uint64_t frame = session->platform.frame;
    switch (event->kind) {
    case MOLT_EVENT_BUILD_STARTED:
        molt__events_build_started(session->events, event, frame);
        break;
    case MOLT_EVENT_BUILD_CANCELLED:
        molt__events_build_cancelled(session->events, event, frame);
        break;
    case MOLT_EVENT_BUILD_SUCCEEDED:
        molt__events_build(session->events, event, frame, true);
        tell_resident(event);
        break;
    case MOLT_EVENT_BUILD_FAILED:
        molt__events_build(session->events, event, frame, false);
        tell_resident(event);
        finish_attempt(session, event, false);
        break;
    case MOLT_EVENT_RELOADED:
    case MOLT_EVENT_REFUSED:
    case MOLT_EVENT_LOAD_FAILED:
    case MOLT_EVENT_POSTPONED:
        finish_attempt(session, event, false);
        break;
    case MOLT_EVENT_LIBRARY_HELD:
        print_outcome(event);
        break;
    case MOLT_EVENT_NO_CHECKPOINT:
        show_warning(session, event);
        break;
    case MOLT_EVENT_CRASHED:
        show_crash(session, event);
        break;
    case MOLT_EVENT_NONE:
    case MOLT_EVENT_KIND_COUNT:
        break;
    }
}

/* What goes with a checkpoint, which a frame makes or a reload: the counts of the state that is there now. */
static void keep_counts(Session *session)
{
    const MoltPlatform *platform = &session->platform;
    session->kept = (KeptState){{platform->frame + platform->frames_before, platform->seed},
                                platform->frame};
}

static bool poll_reload(Session *session, MoltReloadEvent *event)
{
    keep_counts(session);
    return molt_reload_poll(session->reload, event);
}

static void force_reload(Session *session, bool quiet)
{
    MoltReloadEvent event;
    keep_counts(session);
    molt_reload_force(session->reload, &event);
    finish_attempt(session, &event, quiet);
}

const char *molt__session_step(Session *session, int32_t steps)
{
    MoltReloadEvent event;
    keep_counts(session);
    if (!molt_reload_step(session->reload, steps, &event))
        return steps < 0 ? "no earlier code is kept" : "nothing was undone";
    finish_attempt(session, &event, false);
    return event.kind == MOLT_EVENT_RELOADED    ? NULL
           : event.kind == MOLT_EVENT_POSTPONED ? "a thread of the game holds it up"
                                                : "the running code goes on";
}

static void step_by_key(Session *session, int32_t steps)
{
    const char *problem = molt__session_step(session, steps);
    if (problem)
        fprintf(stderr, "molt-host: %s\n", problem);
}

static void swap_libraries(Session *session, uint64_t frame)
{
    const MoltOptions *options = session->options;
    MoltError error;
    for (uint32_t i = 0; i < options->swap_count; i++) {
        const MoltSwap *swap = &options->swaps[i];
        if (swap->frame != frame)
            continue;
        if (molt__swap_library(swap->library, options->library, &error))
            molt__session_complain(&error);
        else
            force_reload(session, false);
    }
}

/* True when new code runs from the next frame on. */
static bool take_reloads(Session *session)
{
    MoltReloadEvent event;
    bool reloaded = false;
    while (poll_reload(session, &event)) {
        handle(session, &event);
        reloaded = reloaded || event.kind == MOLT_EVENT_RELOADED;
    }
    return reloaded;
}

/* The boundary between two frames, the only place where code and state change. */
static void reload_boundary(Session *session)
{
    uint64_t every = session->options->reload_every, frame = session->platform.frame;
    if (every && frame && frame % every == 0)
        force_reload(session, true);
    swap_libraries(session, frame);
    take_reloads(session);
    molt__session_turn_assets(session);
    molt__overlay_set_building(&session->overlay, molt_reload_building(session->reload),
                               molt__session_ms());
    uint32_t done = 0, total = 0;
    if (session->overlay.building)
        molt_reload_progress(session->reload, &done, &total);
    molt__overlay_set_progress(&session->overlay, done, total);
}

/* Waits until the next step is due. Without a screen that keeps time this alone paces the game. What a
 * save brings is taken as soon as it is there; new code does not wait for the frame to be due. */
static void pace(Session *session)
{
    uint64_t now = molt__session_ns();
    if (as_fast_as_possible(session))
        return;
    session->deadline += FRAME_NS;
    if (now > session->deadline + BEHIND_MAX_NS)
        session->deadline = now;
    uint64_t slack = molt__display_keeps_time(session->display) ? SCREEN_SLACK_NS : 0;
    if (session->deadline <= now + slack)
        return;
    for (; now < session->deadline; now = molt__session_ns())
        if (molt_reload_wait(session->reload, session->deadline) && take_reloads(session))
            session->deadline = molt__session_ns();
}

/* ---- input ----------------------------------------------------------------------------------- */

static void read_input(Session *session)
{
    SDL_Event event;
    MoltInputState *input = &session->platform.input;
    uint64_t frame = session->platform.frame;
    molt__input_begin(input);
    if (session->video)
        while (SDL_PollEvent(&event))
            molt__input_event(input, &event);
    if (input->host.quit || *session->interrupted)
        session->quitting = true;
    if (input->host.help)
        session->overlay.help = !session->overlay.help;
    if (input->host.dump) {
        char path[64];
        snprintf(path, sizeof path, "molt-dump-%" PRIu64 ".json", frame);
        molt__session_dump(session, path, NULL);
        fprintf(stderr, "molt-host: state written to %s\n", path);
    }
    if (input->host.save)
        molt__session_save(session, session->saves.quick, NULL);
    if (input->host.undo || input->host.redo)
        step_by_key(session, input->host.undo ? -1 : 1);
    if (input->host.load)
        molt__session_load(session, session->saves.quick, NULL);
    if (input->host.screenshot && !session->shot[0])
        snprintf(session->shot, sizeof session->shot, "molt-shot-%" PRIu64 ".png", frame);
}

/* ---- frames --------------------------------------------------------------------------------- */

static bool is_last_frame(const Session *session)
{
    uint64_t frames = session->options->frames;
    return session->quitting || (frames && session->platform.frame + 1 >= frames);
}

/* Without a window, drawing is left out unless a picture of the frame is wanted. A game may end in any
 * frame, so without a known last one every frame may be that of --screenshot. */
static bool will_be_seen(const Session *session)
{
    const MoltOptions *options = session->options;
    return molt__display_on_screen(session->display) || session->shot[0] ||
           (options->screenshot && (is_last_frame(session) || !options->frames));
}

static void take_shot(Session *session)
{
    MoltError error;
    molt_reload_own_file(session->reload, session->shot);
    MoltStatus status = molt__display_capture(session->display, session->shot, &error);
    if (status)
        molt__session_complain(&error);
    if (session->command[0])
        molt__events_done(session->events, session->command, status ? error.text : NULL);
    else if (!status)
        fprintf(stderr, "molt-host: picture written to %s\n", session->shot);
    session->shot[0] = session->command[0] = '\0';
}

/* Everything on the picture that is not the game's, then the picture itself. False on failure. */
static bool finish_picture(Session *session, bool last)
{
    MoltError error;
    bool ok = true;
    molt__overlay_draw(&session->overlay, session->canvas, molt__session_ms());
    if (session->shot[0])
        take_shot(session);
    molt__display_flush(session->display);
    if (last && session->options->screenshot) {
        ok = !molt__display_capture(session->display, session->options->screenshot, &error);
        if (!ok)
            molt__session_complain(&error);
        session->exit_shot_done = true;
    }
    return ok;
}

/* A game that does not run shows a picture of before. One is kept now and then, as it takes time; as
 * often as checkpoints are made, from which the game would go on. */
static void stand_still(Session *session, bool frozen)
{
    if (frozen) {
        molt__display_begin(session->display);
        molt__display_draw_kept(session->display);
    } else if (!session->options->no_guard && molt__session_ns() >= session->keep_at) {
        molt__display_keep(session->display);
        session->keep_at = molt__session_ns() + SECOND_NS;
    }
}

/* One step of the game with its picture. False when it was the last; *ok tells about a picture that
 * could not be written. */
static bool run_frame(Session *session, bool *ok)
{
    uint64_t start = molt__session_ns();
    MoltPlatform *platform = &session->platform;
    bool last = is_last_frame(session);
    platform->visible = will_be_seen(session);
    if (platform->visible)
        molt__display_begin(session->display);
    keep_counts(session);
    last |= !molt_reload_frame(session->reload);
    bool drawn = platform->visible, frozen = molt_reload_frozen(session->reload);
    platform->visible = false;
    platform->frame++;
    if (drawn)
        stand_still(session, frozen);
    if (frozen) {
        platform->frames_before--; /* nothing has happened in the game */
    } else if (session->started.sequence) {
        session->started.frame = platform->frame;
        molt__events_running(session->events, &session->started);
        session->started.sequence = 0;
    }
    if (drawn)
        *ok = finish_picture(session, last);
    molt__sound_update(session->sound);
    session->busy_ns = molt__session_ns() - start;
    if (drawn)
        molt__display_present(session->display);
    if (session->restarted)
        molt__session_say_restarted(session);
    else if (molt__display_is_quick(session->display) && !molt__session_settle_display(session))
        return *ok = false;
    return !last;
}

static bool run_frames(Session *session)
{
    bool ok = true, going = true;
    session->deadline = session->rate_at = molt__session_ns();
    while (going) {
        read_input(session);
        molt__session_run_commands(session);
        reload_boundary(session);
        molt__saves_frame(&session->saves, molt__session_ms());
        going = run_frame(session, &ok);
        count_rate(session);
        if (going)
            pace(session);
    }
    if (session->options->screenshot && !session->exit_shot_done) {
        fprintf(stderr, "molt-host: no picture was written to %s: the game ended before the last frame "
                        "that --frames names\n", session->options->screenshot);
        ok = false;
    }
    return ok;
}

/* ---- opening and closing -------------------------------------------------------------------- */

static MoltStatus open_display(Session *session, MoltError *error)
{
    const MoltOptions *options = session->options;
    MoltStatus status;
    if (options->headless) {
        status = molt__display_open_surface(options->width, options->height, &session->display, error);
    } else {
        /* main() catches signals itself, in both modes alike. */
        SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
        if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
            return molt_error(error, MOLT_SYSTEM,
                              "No display: %s. Use --headless to run without a window.",
                              SDL_GetError());
        session->video = true;
#ifdef SDL_HINT_WINDOW_NO_ACTIVATION_WHEN_SHOWN
        if (options->resume) /* whoever sits there is writing in another window */
            SDL_SetHint(SDL_HINT_WINDOW_NO_ACTIVATION_WHEN_SHOWN, "1");
#endif
        status = molt__display_open_window(options->width, options->height, options->resume != NULL,
                                           &session->display, error);
    }
    return status ? status : molt__canvas_create(molt__display_renderer(session->display),
                                                 &session->canvas, error);
}

static void open_sound(Session *session)
{
    if (session->options->mute || session->options->headless)
        return;
    session->sound = molt__sound_open();
    if (session->sound && molt__sound_problem(session->sound))
        fprintf(stderr, "molt-host: no sound: %s\n", molt__sound_problem(session->sound));
}

/* The program beside this one that loads libraries first. False when there is none. */
static bool find_trial(char *path, size_t size)
{
    static const char name[] = "molt-trial";
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash + 1 - path) + sizeof name > size)
        return false;
    memcpy(slash + 1, name, sizeof name);
    if (access(path, X_OK) == 0)
        return true;
    fprintf(stderr, "molt-host: %s is missing: a damaged library may end the host\n", path);
    return false;
}

static MoltStatus open_reload(Session *session, MoltError *error)
{
    const MoltOptions *options = session->options;
    char trial[PATH_MAX];
    MoltReloadDesc desc = {
        .library = options->library,
        .trial = find_trial(trial, sizeof trial) ? trial : NULL,
        .threads = session->threads,
        .api = &session->platform.api,
        .policy = options->strict ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE,
        .missing_functions = options->null_functions ? MOLT_MISSING_FUNCTIONS_NULL
                                                     : MOLT_MISSING_FUNCTIONS_REFUSE,
        .hooks = {before_reload, after_reload, session},
        .fault = on_fault,
        .fault_context = session,
        .heap = {.base = options->load || options->recover || options->resume ? ASIDE_BASE : 0},
        .through_file = options->through_file,
        .load_live = options->load_live,
        .guard = !options->no_guard,
        .hang_ms = (uint32_t)(options->watchdog < WATCHDOG_MAX ? options->watchdog : WATCHDOG_MAX) * 1000,
        .no_watchdog = options->watchdog == 0,
        .restart = options->command,
        .kept = molt__display_kept_file(session->display),
        .since_ns = session->since_ns,
        .resume = options->resume,
        .dying = on_dying,
        .host = &session->kept,
        .host_size = sizeof session->kept,
        .history = (uint32_t)options->history,
        .no_history = options->history == 0,
        .no_build = options->no_build,
        .no_resident = options->no_resident,
        .build = options->build,
        .watch = options->watch,
        /* Without a clock to keep, a reload belongs to a frame and not to a moment. */
        .synchronous = as_fast_as_possible(session),
    };
    if (access(options->library, R_OK) != 0)
        return molt_error(error, MOLT_NOT_FOUND,
                          "Cannot read the game library %s: %s. Build the game first, or check the "
                          "path.", options->library, strerror(errno));
    MoltStatus status = molt_reload_create(&desc, &session->reload, error);
    if (status == MOLT_OK) {
        const char *const own[] = {options->events, options->dump_reloads};
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            if (own[i])
                molt_reload_own_file(session->reload, own[i]);
        }
    }
    if (status == MOLT_OK)
        status = molt_reload_start(session->reload, error);
    if (status == MOLT_OK && options->resume)
        molt__session_go_on(session);
    if (status == MOLT_OK && *molt_reload_guard_problem(session->reload))
        fprintf(stderr, "molt-host: %s\n", molt_reload_guard_problem(session->reload));
    return status;
}

/* The state that the session begins with, when it is not that of start_up(). */
static MoltStatus open_saves(Session *session, MoltError *error)
{
    const MoltOptions *options = session->options;
    MoltSaves *saves = &session->saves;
    *saves = (MoltSaves){.reload = session->reload,
                         .platform = &session->platform,
                         .overlay = &session->overlay,
                         .events = session->events,
                         .every = options->autosave * MOLT_FRAMES_PER_SECOND,
                         .trust = options->trust,
                         .opening = true};
    molt__saves_init(saves, options->library);
    bool recover = options->recover && !options->resume;
    MoltStatus status = molt__saves_open(saves, recover, molt__session_ms(), error);
    if (status == MOLT_OK && options->load && !options->resume && !saves->recovered)
        status = molt__saves_load(saves, options->load, molt__session_ms(), error);
    else if (status == MOLT_OK && options->load && saves->recovered)
        fprintf(stderr, "molt-host: %s is not loaded: the game goes on from %s, which was recovered\n",
                options->load, saves->recovered);
    saves->opening = false;
    return status;
}

static MoltStatus open_session(Session *session, MoltError *error)
{
    const MoltOptions *options = session->options;
    MoltStatus status = MOLT_OK;
    molt__platform_init(&session->platform);
    session->platform.seed = options->seed;
    session->console.fd = STDIN_FILENO;
    session->console_open = options->console;
    if (options->events && (status = molt__events_open(options->events, &session->events, error)))
        return status;
    if ((status = molt__dumps_init(&session->dumps, options->dump_reloads, options->dump_addresses,
                                   error)))
        return status;
    if ((status = open_display(session, error)))
        return status;
    session->times.open = molt__session_ns();
    open_sound(session);
    session->platform.canvas = session->canvas;
    session->platform.sound = session->sound;
    session->platform.events = session->events;
    const MoltThreadsDesc threads = {.count = (uint32_t)options->threads};
    if ((status = molt_threads_create(&threads, &session->threads, error)))
        return status;
    session->platform.threads = session->threads;
    if ((status = molt__session_open_assets(session, error)))
        return status;
    status = open_reload(session, error);
    return status ? status : open_saves(session, error);
}

/* False when something of the game could not be ended. */
static bool close_session(Session *session)
{
    MoltError error;
    bool ended = true;
    session->closing = true;
    molt__saves_close(&session->saves, false);
    if (session->reload) {
        molt_reload_stop(session->reload);
        ended = molt_reload_left(session->reload, &error) == MOLT_OK;
        if (!ended)
            molt__session_complain(&error);
    }
    molt_reload_destroy(session->reload);
    molt_threads_destroy(session->threads);
    molt__session_close_assets(session);
    molt__canvas_destroy(session->canvas);
    molt__display_close(session->display);
    molt__sound_close(session->sound);
    molt__events_close(session->events);
    if (session->video)
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
    SDL_Quit();
    return ended;
}

/* A session that was killed (a logout, a terminal that was closed) keeps its state as one that its player
 * left does not. One that did not end in order keeps its autosave: it may be all that there is. */
static void close_saves(Session *session, bool in_order)
{
    const MoltOptions *options = session->options;
    bool killed = *session->interrupted == SIGTERM || *session->interrupted == SIGHUP;
    if (killed)
        in_order = (options->autosave > 0 || !options->headless) &&
                   molt__saves_keep(&session->saves, molt__session_ms());
    molt__saves_close(&session->saves, in_order);
}

static void announce(Session *session)
{
    MoltHeapStats stats = {0};
    if (molt_threads_rest(session->threads)) { /* the heap may be theirs otherwise */
        molt_heap_stats(molt_reload_heap(session->reload), MOLT_NO_TYPE, &stats);
        molt_threads_go_on(session->threads);
    }
    molt__events_started(session->events, molt_reload_generation(session->reload), 0, stats.blocks,
                         molt_reload_schema(session->reload));
    set_title(session, "");
    if (!session->options->headless && !session->options->no_build &&
        !molt_reload_can_build(session->reload))
        fprintf(stderr, "molt-host: %s.molt names no build command, so only changes of the library "
                        "itself are seen\n", session->options->library);
}

int molt__session_run(const MoltOptions *options, const volatile sig_atomic_t *interrupted)
{
    MoltError error;
    bool ok = false;
    Session *session = calloc(1, sizeof *session);
    if (!session) {
        fputs("molt-host: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    session->options = options;
    session->interrupted = interrupted;
    session->times.begun = molt__session_ns();
    session->since_ns = file_time_ns();
    session->saves.lock = -1;
    molt__session_watch_exit(session);
    if (open_session(session, &error)) {
        molt__session_complain(&error);
        goto cleanup;
    }
    if (options->load_json && !options->resume &&
        molt__session_load_json(session, options->load_json, &error)) {
        molt__session_complain(&error);
        goto cleanup;
    }
    announce(session);
    ok = run_frames(session);
    if (options->dump && molt__dumps_write_state(session->reload, options->dump_addresses,
                                                 options->dump, &error)) {
        molt__session_complain(&error);
        ok = false;
    }
    if (options->save &&
        molt__saves_save(&session->saves, options->save, false, molt__session_ms(), &error))
        ok = false;
    ok = ended_well(session) && ok;
    close_saves(session, ok);
    molt__events_quit(session->events, session->platform.frame);
cleanup:
    ok = close_session(session) && ok;
    molt__session_unwatch_exit();
    free(session);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
