#include "base/machine.h"

#include <ctype.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUPS_SIZE = 16384, PATH_SIZE = 4352, LIMIT_SIZE = 128 };

/* The beginning of a small file as text; false when there is none. */
static bool read_text(char *text, size_t size, const char *path)
{
    size_t  used = 0;
    ssize_t got = 1;
    int     file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return false;
    while (used < size - 1 && (got = read(file, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = 0;
    close(file);
    return got >= 0;
}

/* One of a group's files. */
static bool read_limit(char text[LIMIT_SIZE], const char *folder, const char *name)
{
    char path[PATH_SIZE + 64];
    int  length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && read_text(text, LIMIT_SIZE, path);
}

/* A number at *text, which moves behind it; -1 where there is none ("max", or -1 of the first version). */
static long long take_number(const char **text)
{
    char *end;

    while (isspace((unsigned char)**text))
        (*text)++;
    if (!isdigit((unsigned char)**text))
        return -1;
    long long number = strtoll(*text, &end, 10);
    *text = end;
    return number;
}

static void limit_processors(struct machine *machine, long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return;
    long long processors = quota / period < 1 ? 1 : quota / period;
    if (processors < machine->processors)
        machine->processors = (int)processors;
}

static void limit_memory(struct machine *machine, const char *folder, const char *name)
{
    char        text[LIMIT_SIZE];
    const char *at = text;
    long long   bytes = read_limit(text, folder, name) ? take_number(&at) : -1;

    if (bytes > 0 && (machine->memory == 0 || (uint64_t)bytes < machine->memory))
        machine->memory = (uint64_t)bytes;
}

/* The files of both versions: a folder has those of one. */
static void take_limits(struct machine *machine, const char *folder)
{
    char        quota[LIMIT_SIZE], period[LIMIT_SIZE];
    const char *at = quota, *other = period;

    if (read_limit(quota, folder, "cpu.max")) {
        long long most = take_number(&at);
        limit_processors(machine, most, take_number(&at));
    } else if (read_limit(quota, folder, "cpu.cfs_quota_us") &&
               read_limit(period, folder, "cpu.cfs_period_us")) {
        limit_processors(machine, take_number(&at), take_number(&other));
    }
    limit_memory(machine, folder, "memory.max");
    limit_memory(machine, folder, "memory.high");
    limit_memory(machine, folder, "memory.limit_in_bytes");
}

/* A group's limits and those of the groups around it. In a container the names of outer groups may lead
 * nowhere: what is seen of them begins at the mount. */
static void walk_up(struct machine *machine, const char *mount, const char *group)
{
    char   folder[PATH_SIZE];
    size_t shortest = strlen(mount);
    int    length = snprintf(folder, sizeof folder, "%s%s", mount, group);

    if (length < 0 || (size_t)length >= sizeof folder || strstr(group, "/.."))
        snprintf(folder, sizeof folder, "%s", mount);
    for (;;) {
        take_limits(machine, folder);
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < shortest)
            return;
        *slash = 0;
    }
}

/* A line of /proc/self/cgroup: "0::/group" of the second version, "4:cpu,cpuacct:/group" of the first, whose
 * controllers are mounted under their names. */
static void take_line(struct machine *machine, const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    char  mount[PATH_SIZE];

    if (!group)
        return;
    *group++ = 0;
    controllers++;
    int length =
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, *controllers ? "/" : "", controllers);
    if (length > 0 && (size_t)length < sizeof mount && *group == '/')
        walk_up(machine, mount, group);
}

static int count_processors(void)
{
    cpu_set_t set;
    long      count =
        sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int)count;
}

struct machine machine_find(const char *root)
{
    char           path[PATH_SIZE], groups[GROUPS_SIZE];
    long           pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    struct machine machine = {.processors = count_processors()};

    if (pages > 0 && size > 0)
        machine.memory = (uint64_t)pages * (uint64_t)size;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!read_text(groups, sizeof groups, path))
        return machine;
    char *rest = groups;
    for (char *line; (line = strsep(&rest, "\n"));)
        take_line(&machine, root, line);
    return machine;
}
