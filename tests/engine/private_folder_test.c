/* Folders of hosts that were killed go with the next start; those of living ones, and what is no such folder,
 * stay. */
#include "sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private_folder.h"

static MoltPrivateFolder make(void **state)
{
    MoltPrivateFolder folder = {0};
    MoltError error = {0};
    setenv("TMPDIR", *state, 1);
    if (molt__private_folder_make(&folder, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(folder.lock > 0);
    return folder;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* A process that makes one with a file in it; `pid` lives until it is killed, and has told its folder. */
static pid_t start_owner(void **state, char *path, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        MoltPrivateFolder folder = make(state);
        char file[600];
        snprintf(file, sizeof file, "%s/game.1.so", folder.path);
        sandbox_text(file, "a library");
        (void)!write(ends[1], folder.path, strlen(folder.path) + 1);
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    memset(path, 0, size);
    assert_true(read(ends[0], path, size - 1) > 0);
    close(ends[0]);
    return child;
}

static void end(pid_t owner)
{
    kill(owner, SIGKILL);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
}

static void folders_of_the_dead_go_and_others_stay(void **state)
{
    char dead[512], alive[512], file[600];
    pid_t killed = start_owner(state, dead, sizeof dead);
    pid_t living = start_owner(state, alive, sizeof alive);
    end(killed);
    assert_true(exists(dead));
    /* without a lock: of another program, or one that is just being made */
    sandbox_folder(sandbox_path(state, "molt-abcdef"));
    sandbox_folder(sandbox_path(state, "molt-bench-abcdef"));
    sandbox_text(sandbox_path(state, "molt-bench-abcdef/lock"), "");
    /* a lock that is none, and a link to what would go */
    sandbox_folder(sandbox_path(state, "molt-fifo00"));
    assert_int_equal(mkfifo(sandbox_path(state, "molt-fifo00/lock"), 0600), 0);
    sandbox_folder(sandbox_path(state, "elsewhere"));
    sandbox_text(sandbox_path(state, "elsewhere/lock"), "");
    assert_int_equal(symlink(sandbox_path(state, "elsewhere"), sandbox_path(state, "molt-link00")), 0);

    MoltPrivateFolder own = make(state);
    molt__private_folder_sweep(&own);
    assert_false(exists(dead));
    assert_true(exists(alive));
    snprintf(file, sizeof file, "%s/game.1.so", alive);
    assert_true(exists(file));
    assert_true(exists(own.path));
    assert_true(exists(sandbox_path(state, "molt-abcdef")));
    assert_true(exists(sandbox_path(state, "molt-bench-abcdef/lock")));
    assert_true(exists(sandbox_path(state, "molt-fifo00/lock")));
    assert_true(exists(sandbox_path(state, "elsewhere/lock")));

    end(living);
    molt__private_folder_sweep(&own);
    assert_false(exists(alive));
    char *path = strdup(own.path);
    molt__private_folder_remove(&own);
    assert_false(exists(path));
    free(path);
}

/* The lock is that of the open file: it stays while the next program of the process has it. */
static void lock_goes_on_with_its_descriptor(void **state)
{
    MoltPrivateFolder folder = make(state), own = make(state);
    char *path = strdup(folder.path);
    int handed_on = dup(folder.lock);
    assert_true(molt__private_folder_is_lock(path, handed_on));
    assert_false(molt__private_folder_is_lock(path, own.lock));
    assert_false(molt__private_folder_is_lock(path, 0));
    assert_false(molt__private_folder_is_lock("/nowhere", handed_on));
    close(folder.lock);
    molt__private_folder_sweep(&own);
    assert_true(exists(path));
    close(handed_on);
    molt__private_folder_sweep(&own);
    assert_false(exists(path));
    free(path);
    free(folder.path);
    molt__private_folder_remove(&own);
}

static void owner_takes_its_folder_along(void **state)
{
    unsigned before = sandbox_open_files();
    MoltPrivateFolder folder = make(state);
    char *path = strdup(folder.path);
    molt__private_folder_remove(&folder);
    assert_false(exists(path));
    assert_int_equal(sandbox_open_files(), before);
    molt__private_folder_remove(&folder);
    free(path);
}

/* With a file in it that nobody has removed it waits for the next host. */
static void folder_that_is_not_empty_is_left_to_the_next_one(void **state)
{
    unsigned before = sandbox_open_files();
    MoltPrivateFolder folder = make(state);
    char *path = strdup(folder.path), file[600];
    snprintf(file, sizeof file, "%s/game.1.so", path);
    sandbox_text(file, "a library");
    molt__private_folder_remove(&folder);
    assert_true(exists(file));
    assert_int_equal(sandbox_open_files(), before);
    MoltPrivateFolder own = make(state);
    molt__private_folder_sweep(&own);
    assert_false(exists(path));
    molt__private_folder_remove(&own);
    free(path);
}

static char *folder_before; /* NULL: the environment named none */

static int tear_down(void **state)
{
    if (folder_before != NULL) {
        setenv("TMPDIR", folder_before, 1);
    } else {
        unsetenv("TMPDIR");
    }
    return sandbox_teardown(state);
}

int main(void)
{
    const char *folder = getenv("TMPDIR");
    folder_before = folder != NULL ? strdup(folder) : NULL;
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, tear_down)
        X(folders_of_the_dead_go_and_others_stay),
        X(lock_goes_on_with_its_descriptor),
        X(owner_takes_its_folder_along),
        X(folder_that_is_not_empty_is_left_to_the_next_one),
#undef X
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(folder_before);
    return failed;
}
