/* The digest of standard input, and a flock after a hundred steps.
 *
 *   cargo build --release -p call-from-c
 *   cc -O2 -I inos-units/include examples/call_from_c/main.c \
 *      target/release/libinos_compute.a -lpthread -ldl -lm -o call_from_c
 *   ./call_from_c < README.md
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inos_compute.h"

/* Prints what went wrong, and ends. */
static void fail(const char *what, const uint8_t *block) {
    const struct inos_report *report = (const struct inos_report *)block;
    fprintf(stderr, "%s: %.*s\n", what, (int)report->length, (const char *)block + report->offset);
    exit(1);
}

/* Calls a method by name; the block of a result that is one. */
static uint8_t *call(const char *unit, const char *method, const uint8_t *input, size_t len,
                     const char *params) {
    uint8_t *block = compute_execute((const uint8_t *)unit, strlen(unit),
                                     (const uint8_t *)method, strlen(method), input, len,
                                     (const uint8_t *)params, strlen(params));
    if (((const struct inos_report *)block)->status != INOS_OK) {
        fail(method, block);
    }
    return block;
}

int main(void) {
    static uint8_t input[1 << 20];
    size_t len = fread(input, 1, sizeof input, stdin);
    uint8_t *digest = call("hash", "blake3", input, len, "");
    const struct inos_report *report = (const struct inos_report *)digest;
    for (uint64_t i = 0; i < report->length; i++) {
        printf("%02x", digest[report->offset + i]);
    }
    printf("  %zu bytes, %" PRIu64 " ns\n", len, report->nanoseconds);
    compute_free(digest);

    /* Two frames in our own memory, by turns: nothing is allocated in between. */
    uint8_t *first = call("boids", "init", NULL, 0, "{\"count\": 1000, \"seed\": 7}");
    report = (const struct inos_report *)first;
    size_t frame_len = report->length;
    uint8_t *frames[2] = {compute_alloc(frame_len), compute_alloc(frame_len)};
    if (frames[0] == NULL || frames[1] == NULL) {
        fail("compute_alloc", compute_last_error());
    }
    memcpy(frames[0], first + report->offset, frame_len);
    compute_free(first);
    uint32_t step = compute_resolve((const uint8_t *)"boids", 5, (const uint8_t *)"step", 4);
    for (int i = 0; i < 100; i++) {
        if (compute_execute_into(step, frames[i % 2], frame_len, NULL, 0, frames[(i + 1) % 2],
                                 frame_len, NULL) != INOS_OK) {
            fprintf(stderr, "step: %s\n", (const char *)frames[(i + 1) % 2]);
            return 1;
        }
    }
    uint8_t *stats = call("boids", "stats", frames[0], frame_len, "");
    report = (const struct inos_report *)stats;
    printf("%.*s\n", (int)report->length, (const char *)stats + report->offset);
    compute_free(stats);
    compute_free(frames[0]);
    compute_free(frames[1]);
    return 0;
}
