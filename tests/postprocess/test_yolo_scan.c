#include "random.h"

#include "postprocess/yolo_scan.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 300, GUARD = 0x5A5A5A5A };

static void fill(float *x, size_t count, uint64_t *seed)
{
    static const float odd[] = {NAN, -NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 0.0F, -0.0F};
    unsigned           share = 1 + random_below(seed, 20); /* 1: odd numbers only */
    for (size_t i = 0; i < count; i++)
        x[i] = random_below(seed, share) ? roundf(random_between(seed, -9, 9)) : odd[random_below(seed, 8)];
}

static void test_scan_twins_agree_with_the_reference(void **state)
{
    (void)state;
    static const float      floors[] = {-INFINITY, -FLT_MAX, -3, 0, 0.5F, 8, FLT_MAX, INFINITY};
    const struct yolo_scan *reference = yolo_scan_for(CPU_SCALAR);
    uint64_t                seed = 42;

    for (int i = 0; i < 4000; i++) {
        size_t   count = random_below(&seed, MOST), offset = random_below(&seed, 16);
        uint32_t expected[MOST + YOLO_SCAN_SLACK], found[MOST + YOLO_SCAN_SLACK + 1];
        float    floor = floors[random_below(&seed, 8)];
        /* Ends where the memory ends: a twin that reads on is caught by the address sanitizer. */
        float *block = malloc((offset + count + 1) * sizeof(float)), *x = block + offset + 1;
        fill(x, count, &seed);
        size_t hits = reference->find(expected, x, count, floor);
        size_t best = reference->best(x, count);
        for (int level = CPU_AVX2; level <= (int)cpu_level_of_machine(); level++) {
            const struct yolo_scan *twin = yolo_scan_for((enum cpu_level)level);
            found[count + YOLO_SCAN_SLACK] = GUARD;
            assert_int_equal(twin->find(found, x, count, floor), hits);
            if (hits)
                assert_memory_equal(found, expected, hits * sizeof(*found));
            assert_int_equal(found[count + YOLO_SCAN_SLACK], GUARD);
            assert_int_equal(twin->best(x, count), best);
        }
        free(block);
    }
}

static void test_scan_by_hand(void **state)
{
    (void)state;
    static const float      x[] = {NAN, 1, INFINITY, 3, -INFINITY, 3, -2};
    const struct yolo_scan *scan = yolo_scan_for(CPU_SCALAR);
    uint32_t                found[7 + YOLO_SCAN_SLACK];
    assert_int_equal(scan->find(found, x, 7, 1), 3);
    assert_int_equal(found[0], 1);
    assert_int_equal(found[1], 3);
    assert_int_equal(found[2], 5);
    assert_int_equal(scan->find(found, x, 7, -INFINITY), 4);
    assert_int_equal(scan->best(x, 7), 3);
    assert_int_equal(scan->best(x, 1), 1);
    assert_int_equal(scan->best(x, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_by_hand),
        cmocka_unit_test(test_scan_twins_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
