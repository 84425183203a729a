/* What a process may use of the machine: real affinity, control groups of both versions in a folder of files.
 */
#include "base/file.h"
#include "base/machine.h"

#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST_FILES = 6 };

#define MB *(UINT64_C(1) << 20)

/* Files below the root, and what is found where the machine itself has more; 0: what the machine has. */
struct row {
    const char *what;
    const char *files[MOST_FILES][2];
    int         processors;
    uint64_t    memory;
};

#define GROUPS "proc/self/cgroup"
#define SYS    "sys/fs/cgroup"

static const struct row rows[] = {
    {"no groups at all", {{NULL}}, 0, 0},
    {"a group without limits",
     {{GROUPS, "0::/a\n"}, {SYS "/a/cpu.max", "max 100000\n"}, {SYS "/a/memory.max", "max\n"}},
     0,
     0},
    {"a container that sees itself as the root",
     {{GROUPS, "0::/\n"}, {SYS "/cpu.max", "100000 100000\n"}, {SYS "/memory.max", "536870912\n"}},
     1,
     512 MB},
    {"a container that sees the names of outer groups",
     {{GROUPS, "0::/../../docker/1a2b\n"},
      {SYS "/cpu.max", "100000 100000\n"},
      {SYS "/memory.max", "67108864\n"}},
     1,
     64 MB},
    {"less than a processor is one", {{GROUPS, "0::/\n"}, {SYS "/cpu.max", "20000 100000\n"}}, 1, 0},
    {"one and a half is one", {{GROUPS, "0::/\n"}, {SYS "/cpu.max", "150000 100000\n"}}, 1, 0},
    {"the strictest of the groups around it",
     {{GROUPS, "0::/slice/job/step\n"},
      {SYS "/slice/cpu.max", "50000 50000\n"},
      {SYS "/slice/job/memory.max", "104857600\n"},
      {SYS "/slice/job/step/cpu.max", "9900000 100000\n"},
      {SYS "/slice/job/step/memory.max", "max\n"}},
     1,
     100 MB},
    {"what slows the group down counts as what ends it",
     {{GROUPS, "0::/a\n"}, {SYS "/a/memory.high", "41943040\n"}, {SYS "/a/memory.max", "83886080\n"}},
     0,
     40 MB},
    {"groups of other names are not this one's",
     {{GROUPS, "0::/a\n"}, {SYS "/ab/cpu.max", "1000 1000\n"}, {SYS "/a/b/memory.max", "1048576\n"}},
     0,
     0},
    {"the first version",
     {{GROUPS, "3:memory:/job\n2:cpu,cpuacct:/\n1:name=systemd:/x\n"},
      {SYS "/cpu,cpuacct/cpu.cfs_quota_us", "100000\n"},
      {SYS "/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
      {SYS "/memory/job/memory.limit_in_bytes", "209715200\n"}},
     1,
     200 MB},
    {"the first version without limits",
     {{GROUPS, "3:memory:/\n2:cpu:/\n"},
      {SYS "/cpu/cpu.cfs_quota_us", "-1\n"},
      {SYS "/cpu/cpu.cfs_period_us", "100000\n"},
      {SYS "/memory/memory.limit_in_bytes", "9223372036854771712\n"}},
     0,
     0},
    {"nonsense",
     {{GROUPS, "\n:\n::\n0::\n0::x\n0:/\n0::/a\n"},
      {SYS "/a/cpu.max", "many 5\n"},
      {SYS "/a/memory.max", ""},
      {SYS "/cpu.max", "5"},
      {SYS "/memory.max", "-7"}},
     0,
     0},
    {"a period of nothing", {{GROUPS, "0::/\n"}, {SYS "/cpu.max", "100000 0\n"}}, 0, 0},
};

static char root[] = "/tmp/besra-test-machine-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[64 + sizeof root];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    assert_int_equal(file_make_folders(path, NULL), BSR_OK);
    *slash = '/';
    assert_int_equal(file_write(path, text, strlen(text), true, false, NULL), BSR_OK);
}

static void test_limits_of_control_groups_are_kept(void **state)
{
    const struct machine real = machine_find("/no such folder");

    assert_true(real.processors >= 1 && real.memory > 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(make_root(state), 0);
        for (int f = 0; f < MOST_FILES && rows[i].files[f][0]; f++)
            write_file(rows[i].files[f][0], rows[i].files[f][1]);
        struct machine found = machine_find(root);
        if (found.processors != (rows[i].processors ? rows[i].processors : real.processors) ||
            found.memory != (rows[i].memory ? rows[i].memory : real.memory))
            fail_msg("%s: %d processors, %llu bytes", rows[i].what, found.processors,
                     (unsigned long long)found.memory);
        assert_int_equal(remove_root(state), 0);
    }
}

/* Names of groups may be of any length and depth. */
static void test_long_names_do_no_harm(void **state)
{
    static char groups[40000];

    assert_int_equal(make_root(state), 0);
    write_file(SYS "/cpu.max", "100000 100000\n");
    for (size_t length = 1; length < sizeof groups; length += length < 5000 ? 501 : 9001) {
        int used = snprintf(groups, sizeof groups, "0::/");
        for (size_t i = (size_t)used; i < length; i++)
            groups[i] = i % 7 ? 'g' : '/';
        groups[length < 4 ? 4 : length] = 0;
        write_file(GROUPS, groups);
        assert_int_equal(machine_find(root).processors, 1);
    }
    assert_int_equal(remove_root(state), 0);
}

static int processors_on_the_first_only(void)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return -1;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
            break;
        }
    return sched_setaffinity(0, sizeof one, &one) == 0 ? machine_find("").processors : -1;
}

static void test_processors_that_it_may_not_run_on_do_not_count(void **state)
{
    int   status = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(processors_on_the_first_only() == 1 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_of_control_groups_are_kept),
        cmocka_unit_test(test_long_names_do_no_harm),
        cmocka_unit_test(test_processors_that_it_may_not_run_on_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
