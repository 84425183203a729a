#include "base/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { GLANCE_MS = 10, PART_BYTES = 65536 };

/* A program that runs, and our ends of what it reads and writes. */
struct process {
    const struct process_options *options;
    pid_t                         pid;
    int                           to, from; /* -1: closed */
    size_t                        sent, got;
};

static const char *name_of(const struct process_options *options)
{
    return options->arguments[0];
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* ---- starting ---- */

static bsr_status fail_start(const char *name, int error, struct bsr_error *err)
{
    if (error == ENOENT)
        return bsr_fail(err, BSR_EMISSING, name, "is not installed");
    return bsr_fail(err, BSR_EIO, name, "can't be started: %s", strerror(error));
}

/* Signals that besra blocks or ignores are the program's as usual; its group is ended as a whole. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    return error;
}

static int set_files(posix_spawn_file_actions_t *actions, int in, int out)
{
    static const char nowhere[] = "/dev/null";
    int               error = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)
                                      : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, nowhere, O_RDONLY, 0);
    if (!error)
        error = out >= 0 ? posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO)
                         : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, nowhere, O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, nowhere, O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

static bsr_status spawn(struct process *process, int in, int out, struct bsr_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t          attributes;
    const char                *name = name_of(process->options);
    int                        error = posix_spawn_file_actions_init(&actions);

    if (error)
        return fail_start(name, error, err);
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = set_attributes(&attributes);
        if (!error)
            error = set_files(&actions, in, out);
        if (!error) /* posix_spawnp() changes none of the arguments */
            error = posix_spawnp(&process->pid, name, &actions, &attributes,
                                 (char *const *)(uintptr_t)process->options->arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error ? fail_start(name, error, err) : BSR_OK;
}

/* A socket rather than a pipe: a reader that is gone is then a failed send(), not a SIGPIPE. */
static bsr_status start(struct process *process, struct bsr_error *err)
{
    const char *name = name_of(process->options);
    int         in[2] = {-1, -1}, out[2] = {-1, -1};
    bsr_status  status = BSR_OK;

    if ((process->options->input_size && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) ||
        (process->options->most_output && pipe2(out, O_CLOEXEC) != 0))
        status = fail_start(name, errno, err);
    if (status == BSR_OK)
        status = spawn(process, in[1], out[1], err);
    close_end(&in[1]);
    close_end(&out[1]);
    if (status != BSR_OK) {
        close_end(&in[0]);
        close_end(&out[0]);
        return status;
    }
    process->to = in[0];
    process->from = out[0];
    return BSR_OK;
}

/* ---- running ---- */

static void send_some(struct process *process)
{
    const struct process_options *options = process->options;
    const char                   *data = options->input;
    ssize_t sent = send(process->to, data + process->sent, options->input_size - process->sent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent > 0)
        process->sent += (size_t)sent;
    else if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent <= 0 || process->sent == options->input_size)
        close_end(&process->to);
}

static bsr_status take_some(struct process *process, struct bytes *output, struct bsr_error *err)
{
    const struct process_options *options = process->options;
    uint8_t                       part[PART_BYTES];
    ssize_t                       got = read(process->from, part, sizeof part);

    if (got < 0 && errno == EINTR)
        return BSR_OK;
    if (got <= 0) {
        close_end(&process->from);
        return BSR_OK;
    }
    if ((size_t)got > options->most_output - process->got)
        return bsr_fail(err, BSR_ELIMIT, name_of(options), "gives more than %zu MB",
                        options->most_output >> 20);
    process->got += (size_t)got;
    return bytes_append(output, part, (size_t)got) ? BSR_OK
                                                   : bsr_fail_memory(err, name_of(options), process->got);
}

/* Whether it has ended; its state is then in *state. */
static bool has_ended(const struct process *process, int *state)
{
    pid_t found = waitpid(process->pid, state, WNOHANG);
    return found == process->pid || (found < 0 && errno == ECHILD);
}

static bsr_status check_end(const struct process *process, int state, struct bsr_error *err)
{
    const struct process_options *options = process->options;
    const char                   *name = name_of(options);

    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return fail_start(name, ENOENT, err);
    if (WIFEXITED(state) && WEXITSTATUS(state) != 0)
        return bsr_fail(err, BSR_EIO, name, "failed with exit code %d", WEXITSTATUS(state));
    if (!WIFEXITED(state))
        return bsr_fail(err, BSR_EIO, name, "was ended by signal %d", WTERMSIG(state));
    if (process->sent < options->input_size)
        return bsr_fail(err, BSR_EIO, name, "did not take all that it was given");
    return BSR_OK;
}

static bsr_status check_time(const struct process *process, double until, struct bsr_error *err)
{
    const struct process_options *options = process->options;

    if (options->stop && atomic_load(options->stop))
        return bsr_fail(err, BSR_ECANCELED, name_of(options), "was stopped");
    if (clock_ms() > until)
        return bsr_fail(err, BSR_ECANCELED, name_of(options), "gave no answer in %.3g seconds",
                        options->timeout_ms / 1000.0);
    return BSR_OK;
}

static bsr_status work(struct process *process, struct bytes *output, int *state, struct bsr_error *err)
{
    const double until = clock_ms() + process->options->timeout_ms;
    bsr_status   status = BSR_OK;

    while (status == BSR_OK) {
        struct pollfd ends[] = {{.fd = process->to, .events = POLLOUT},
                                {.fd = process->from, .events = POLLIN}};
        if (process->to < 0 && process->from < 0 && has_ended(process, state))
            return check_end(process, *state, err);
        poll(ends, 2, GLANCE_MS);
        if (ends[0].revents)
            send_some(process);
        if (ends[1].revents)
            status = take_some(process, output, err);
        if (status == BSR_OK)
            status = check_time(process, until, err);
    }
    kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, state, 0) < 0 && errno == EINTR)
        ;
    return status;
}

bsr_status process_run(struct bytes *output, const struct process_options *options, struct bsr_error *err)
{
    struct process process = {.options = options, .to = -1, .from = -1};
    struct bytes   got = {0};
    int            state = 0;
    bsr_status     status = start(&process, err);

    if (status == BSR_OK)
        status = work(&process, &got, &state, err);
    close_end(&process.to);
    close_end(&process.from);
    if (status == BSR_OK && got.size && !bytes_append(output, got.data, got.size))
        status = bsr_fail_memory(err, name_of(options), got.size);
    bytes_free(&got);
    return status;
}

bool process_find(const char *name)
{
    const char *at = getenv("PATH");
    char        path[4096];

    while (at && *at) {
        size_t length = strcspn(at, ":");
        int    used = snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name);
        if (length && used > 0 && (size_t)used < sizeof path && access(path, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}
