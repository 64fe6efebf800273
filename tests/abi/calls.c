/* The units called from C as nobody should: null, absurd lengths, foreign and freed blocks, and
 * from several threads at once. Ends with 0 if every call was answered as it should be. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inos_compute.h"

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);            \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static const uint8_t *text(const char *text) { return (const uint8_t *)text; }

/* Checks the status of a block, frees it, gives its length. */
static uint64_t expect(uint8_t *block, uint32_t status) {
    CHECK(block != NULL && (uintptr_t)block % 8 == 0);
    struct inos_report report;
    memcpy(&report, block, sizeof report);
    if (report.status != status) {
        fprintf(stderr, "%u, not %u: %.*s\n", report.status, status, (int)report.length,
                (const char *)block + report.offset);
        exit(1);
    }
    CHECK(report.offset == INOS_REPORT_LEN);
    /* All of the payload can be read; an error is an object. */
    uint8_t sum = 0;
    for (uint64_t i = 0; i < report.length; i++) {
        sum ^= block[report.offset + i];
    }
    if (status != INOS_OK) {
        CHECK(report.length > 2 && block[report.offset] == '{');
    }
    CHECK(compute_free(block) == 0 && sum == sum);
    return report.length;
}

static void good(void) {
    uint32_t id = compute_resolve(text("hash"), 4, text("sha256"), 6);
    CHECK(id != INOS_NO_METHOD);
    CHECK(expect(compute_execute_id(id, text("abc"), 3, NULL, 0), INOS_OK) == 32);
    CHECK(expect(compute_execute(text("hash"), 4, text("blake3"), 6, text("abc"), 3,
                                 text("{\"length\":65536}"), 16),
                 INOS_OK) == 65536);
    static const uint8_t known[4] = {0xba, 0x78, 0x16, 0xbf};
    uint8_t out[32];
    struct inos_report report;
    CHECK(compute_execute_into(id, text("abc"), 3, NULL, 0, out, sizeof out, &report) == INOS_OK);
    CHECK(report.length == 32 && memcmp(out, known, 4) == 0);
    CHECK(expect(compute_describe(), INOS_OK) > 100);
}

static void bad(void) {
    expect(compute_execute(NULL, 0, NULL, 0, NULL, 0, NULL, 0), INOS_UNKNOWN_UNIT);
    expect(compute_execute(text("hash"), 4, text("md5"), 3, NULL, 0, NULL, 0),
           INOS_UNKNOWN_METHOD);
    expect(compute_execute(text("hash"), 4, text("\xff\xfe"), 2, NULL, 0, NULL, 0), INOS_BAD_CALL);
    expect(compute_execute_id(0, NULL, 0, text("{"), 1), INOS_MALFORMED_PARAMS);
    expect(compute_execute_id(0, NULL, 0, text("{\"x\":1}"), 7), INOS_UNKNOWN_PARAM);
    expect(compute_execute_id(0, NULL, 0, text("{\"length\":\"x\"}"), 14), INOS_BAD_PARAM);
    expect(compute_execute(text("boids"), 5, text("step"), 4, text("no frame"), 8, NULL, 0),
           INOS_BAD_INPUT);
    CHECK(compute_resolve(text("hash"), 4, text("md5"), 3) == INOS_NO_METHOD);
    expect(compute_last_error(), INOS_UNKNOWN_METHOD);
    CHECK(expect(compute_last_error(), INOS_OK) == 0);
    uint8_t out[8];
    struct inos_report report;
    uint32_t id = compute_resolve(text("hash"), 4, text("sha256"), 6);
    CHECK(compute_execute_into(id, text("abc"), 3, NULL, 0, out, sizeof out, &report) ==
          INOS_OUTPUT_TOO_SMALL);
    CHECK(report.status == INOS_OUTPUT_TOO_SMALL && report.length <= sizeof out);
}

static void absurd(void) {
    const uint8_t *nowhere[] = {NULL, (const uint8_t *)~(uintptr_t)0, text("abc")};
    const size_t lengths[] = {(size_t)-1, (size_t)-1 / 2 + 1, (size_t)-16};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            const uint8_t *p = nowhere[i];
            size_t n = lengths[k];
            expect(compute_execute(p, n, text("x"), 1, NULL, 0, NULL, 0), INOS_BAD_CALL);
            expect(compute_execute(text("hash"), 4, p, n, NULL, 0, NULL, 0), INOS_BAD_CALL);
            expect(compute_execute_id(0, p, n, NULL, 0), INOS_BAD_CALL);
            expect(compute_execute_id(0, NULL, 0, p, n), INOS_BAD_CALL);
            CHECK(compute_execute_into(0, NULL, 0, NULL, 0, (uint8_t *)p, n, NULL) ==
                  INOS_BAD_CALL);
            CHECK(compute_resolve(p, n, p, n) == INOS_NO_METHOD);
            CHECK(compute_alloc(n) == NULL);
            expect(compute_last_error(), INOS_OUT_OF_MEMORY);
        }
    }
    const uint32_t ids[] = {0xffffffff, 0xffff, 0x10000 * 99, 0x7fffffff};
    for (int i = 0; i < 4; i++) {
        expect(compute_execute_id(ids[i], NULL, 0, NULL, 0), INOS_UNKNOWN_ID);
    }
    /* Blocks that are not out. */
    uint8_t on_the_stack[64] = {0};
    CHECK(compute_free(NULL) == INOS_OK);
    CHECK(compute_free(on_the_stack) == INOS_BAD_CALL);
    CHECK(compute_free((uint8_t *)1) == INOS_BAD_CALL);
    uint8_t *block = compute_alloc(100);
    CHECK(compute_free(block + 8) == INOS_BAD_CALL);
    CHECK(compute_free(block) == INOS_OK);
    CHECK(compute_free(block) == INOS_BAD_CALL);
    expect(compute_last_error(), INOS_BAD_CALL);
    /* Input and output in one place. */
    uint8_t shared[64] = {0};
    CHECK(compute_execute_into(0, shared, 64, NULL, 0, shared + 32, 32, NULL) == INOS_BAD_CALL);
    /* Parameters longer than is read. */
    uint8_t *spaces = malloc(1 << 20);
    CHECK(spaces != NULL);
    memset(spaces, ' ', 1 << 20);
    expect(compute_execute_id(0, NULL, 0, spaces, 1 << 20), INOS_MALFORMED_PARAMS);
    free(spaces);
}

static void *all(void *rounds) {
    for (int i = 0; i < *(int *)rounds; i++) {
        good();
        bad();
        absurd();
    }
    return NULL;
}

int main(void) {
    int rounds = 50;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&threads[i], NULL, all, &rounds) == 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    puts("every call was answered as it should be");
    return 0;
}
