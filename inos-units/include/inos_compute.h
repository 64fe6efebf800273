/* Compute units of INOS, called from C.
 *
 * Generated: cargo run -p inos-units --features full --example generate
 *
 * A call gives a block that begins with a struct inos_report; the payload follows where its
 * `offset` says. A block is never null, and goes back by compute_free. Where `status` is not
 * INOS_OK, the payload is a JSON object in UTF-8 that says what went wrong.
 *
 * A pointer may be null if its length is 0. Bytes that are passed in are not written, and those
 * that a result goes to are not used, by anybody until the function returns. All functions may be
 * called by several threads at once. None unwinds.
 */
#ifndef INOS_COMPUTE_H
#define INOS_COMPUTE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a block begins with, on a multiple of 8 bytes. */
struct inos_report {
    uint32_t status;      /* INOS_OK, or one of those below */
    uint32_t offset;      /* of the payload, from here */
    uint64_t length;      /* of the payload, in bytes */
    uint64_t credits;     /* what the call cost */
    uint64_t nanoseconds; /* how long it took; 0 where there is no clock */
};

#define INOS_REPORT_LEN 32
#define INOS_MAX_RESULT_LEN 1073741824
#define INOS_NO_METHOD UINT32_C(0xffffffff)

/* Statuses; numbers are never reused. */
#define INOS_OK 0
#define INOS_UNKNOWN_UNIT 1
#define INOS_UNKNOWN_METHOD 2
#define INOS_UNKNOWN_ID 3
#define INOS_NOT_REGISTERED 4
#define INOS_MALFORMED_PARAMS 5
#define INOS_UNKNOWN_PARAM 6
#define INOS_BAD_PARAM 7
#define INOS_BAD_INPUT 8
#define INOS_OUTPUT_TOO_SMALL 9
#define INOS_CANCELLED 10
#define INOS_TIMED_OUT 11
#define INOS_PANICKED 12
#define INOS_OUT_OF_CREDITS 13
#define INOS_REFUSED 14
#define INOS_NOT_FOUND 15
#define INOS_TOO_LARGE 16
#define INOS_BAD_CALL 17
#define INOS_OUT_OF_MEMORY 18

/* Calls the method of this name of the unit `library`. */
uint8_t *compute_execute(const uint8_t *library, size_t library_len,
                         const uint8_t *method, size_t method_len,
                         const uint8_t *input, size_t input_len,
                         const uint8_t *params, size_t params_len);

/* The id of a method, or INOS_NO_METHOD; then compute_last_error tells why. */
uint32_t compute_resolve(const uint8_t *library, size_t library_len,
                         const uint8_t *method, size_t method_len);

/* Calls a method by id: no name is compared. */
uint8_t *compute_execute_id(uint32_t id, const uint8_t *input, size_t input_len,
                            const uint8_t *params, size_t params_len);

/* Calls a method by id. Its result, or as much of the error's text as fits, goes to `out`, which
 * does not overlap the input. `report`, which may be null, says the rest; its `offset` is 0.
 * Gives the status. */
uint32_t compute_execute_into(uint32_t id, const uint8_t *input, size_t input_len,
                              const uint8_t *params, size_t params_len,
                              uint8_t *out, size_t out_len, struct inos_report *report);

/* Zeroed memory on a multiple of 8 bytes, or null; then compute_last_error tells why. */
uint8_t *compute_alloc(size_t len);

/* Takes back what compute_alloc or a call gave. Anything else, and a second time, is refused with
 * INOS_BAD_CALL; null is nothing to take back. */
uint32_t compute_free(uint8_t *ptr);

/* All units and methods, as a block with a JSON array. */
uint8_t *compute_describe(void);

/* What went wrong last in this thread, in a function that gives no block; INOS_OK if nothing did,
 * or it was told already. */
uint8_t *compute_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* INOS_COMPUTE_H */
