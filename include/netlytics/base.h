/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_BASE_H
#define NETLYTICS_BASE_H

/**
 * Status codes, errors and byte ranges: what every other header builds on.
 *
 * Ownership words used in all headers: **borrows** (until the named event), **owns** (must call
 * the named function), **takes** (consumed even on failure), **copies**.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NLT_VERSION "0.1.0"
/** Grows when a public struct or function changes, so that callers that were not compiled against this
 * header (language bindings, executors of a job) notice a library of another kind. */
#define NLT_ABI_VERSION 1

#if defined(__GNUC__)
#define NLT_API __attribute__((visibility("default")))
#define NLT_PRINTF(format_index, first_argument)                                                   \
    __attribute__((format(printf, format_index, first_argument)))
#define NLT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define NLT_API
#define NLT_PRINTF(format_index, first_argument)
#define NLT_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call ended with. The table in core/status.c gives each its name and exit code. */
typedef enum nlt_status {
    NLT_OK = 0,
    NLT_ERR_ARG,       /**< usage: unknown name, wrong type, out of range (exit 2) */
    NLT_ERR_NOT_FOUND, /**< input or state does not exist, or a required day has none (exit 3) */
    NLT_ERR_NO_ROWS,   /**< no usable rows where some are needed (exit 4) */
    NLT_ERR_SQL,       /**< the statement was refused or failed (exit 5) */
    NLT_ERR_DAMAGED,   /**< input damaged beyond the caller's limit (exit 6) */
    NLT_ERR_OUTPUT,    /**< output cannot be written (exit 7) */
    NLT_ERR_FORMAT,    /**< bytes do not follow their format (exit 1) */
    NLT_ERR_LIMIT,     /**< a written limit was passed (exit 1) */
    NLT_ERR_IO,        /**< reading failed (exit 1) */
    NLT_ERR_NOMEM,     /**< out of memory (exit 1) */
    NLT_ERR_INTERNAL,  /**< a promise of the library itself was broken (exit 1) */
    NLT_ERR_CANCELLED, /**< stopped by the caller or a signal (exit 130) */
    NLT_STATUS_COUNT   /**< number of codes; never returned */
} nlt_status;

/** Exit code of a program that ends with this status. Never fails. */
NLT_API int nlt_status_exit_code(nlt_status status);

/** Short name of a status ("bad argument"); static storage. */
NLT_API const char *nlt_status_name(nlt_status status);

/** Name of the exception that bindings raise for it ("ArgumentError"); "" of NLT_OK; static storage. */
NLT_API const char *nlt_status_exception(nlt_status status);

/** Why a call failed. Plain storage of the caller; no clean-up needed. */
typedef struct nlt_error {
    nlt_status code;
    int64_t offset;     /**< byte offset or row the message speaks of; -1: none */
    char message[1024]; /**< what, where, the offending value; NUL-terminated UTF-8 */
    char hint[1024];    /**< what to do, empty if there is nothing to say */
} nlt_error;

#define NLT_ERROR_INIT                                                                             \
    {                                                                                              \
        NLT_OK, -1, {0},                                                                           \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Fills `err` (which may be NULL) and returns `code`, so that a failure is one statement.
 * Clears the hint and the offset.
 */
NLT_API nlt_status nlt_fail(nlt_error *err, nlt_status code, const char *format, ...)
    NLT_PRINTF(3, 4);

/** Adds a hint to a filled error; does nothing if `err` is NULL. */
NLT_API void nlt_error_hint(nlt_error *err, const char *format, ...) NLT_PRINTF(2, 3);

/** Forwards a failure to the caller. */
#define NLT_TRY(expression)                                                                        \
    do {                                                                                           \
        nlt_status try_status_ = (expression);                                                     \
        if (try_status_ != NLT_OK) {                                                               \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/** A borrowed range of bytes: neither NUL-terminated nor UTF-8 unless said so. */
typedef struct nlt_bytes {
    const char *ptr;
    size_t len;
} nlt_bytes;

/**
 * Did-you-mean: the candidate at the smallest edit distance (case ignored, a transposition counts
 * one) if that is at most a third of the word's length + 1; NULL if none is near.
 */
NLT_API const char *nlt_closest(const char *word, const char *const *candidates, size_t n);

/** Frees text that the library handed out. NULL is fine. */
NLT_API void nlt_text_free(char *text);

/** Version of the library that is loaded, "MAJOR.MINOR.PATCH"; static storage. */
NLT_API const char *nlt_version(void);

/** NLT_ABI_VERSION of the library that is loaded. */
NLT_API int nlt_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif
