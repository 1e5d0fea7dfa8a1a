/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_SCALAR_H
#define NLT_SQL_SCALAR_H

/* Functions of SQL that are written in C: rows of a table, which every engine registers.
 *
 * A row is called with the columns of its arguments and fills a column of results, so it knows no
 * engine: DuckDB calls it over its vectors, Spark over Arrow arrays. What a row needs is either one
 * function that is given each row whose arguments are not NULL, or one that is given whole columns. A
 * result that is not put stays NULL. A failure ends the query; bad data is no failure, but NULL. */

#include "core/arena.h"
#include "io/asn_view.h"
#include "table/batch.h"

enum { NLT_SCALAR_ARGS_MAX = 5, NLT_SCALAR_ROWS_MAX = NLT_BATCH_ROWS };

/* Sets of types that an argument may have. */
enum {
    NLT_ARG_BOOL = 1u << NLT_TYPE_BOOL,
    NLT_ARG_INT64 = 1u << NLT_TYPE_INT64,
    NLT_ARG_DOUBLE = 1u << NLT_TYPE_DOUBLE,
    NLT_ARG_STRING = 1u << NLT_TYPE_STRING,
    NLT_ARG_DATE = 1u << NLT_TYPE_DATE,
    NLT_ARG_TIMESTAMP = 1u << NLT_TYPE_TIMESTAMP
};

/* What functions share and only read: opened once, borrowed by all calls. */
typedef struct nlt_scalar_env {
    const nlt_asn_view *asn; /* NULL: none was given */
} nlt_scalar_env;

typedef struct nlt_scalar nlt_scalar;

/* One call. The arguments' texts live as long as the call; `out`'s texts point into them, into the
 * arena, or are static. */
typedef struct nlt_scalar_call {
    const nlt_vec *args;
    int n_args;
    int64_t n_rows; /* at most NLT_SCALAR_ROWS_MAX */
    nlt_vec *out;   /* all NULL when the call begins */
    nlt_arena *arena;
    const nlt_scalar_env *env;
    void *memo; /* `memo_bytes` of zeros when the call begins: what one row keeps for the next */
} nlt_scalar_call;

struct nlt_scalar {
    const char *name;    /* in SQL, lower case */
    const char *usage;   /* "ip_in(ip, cidr)" */
    const char *summary; /* a line for the docs */
    bool is_spark;       /* Spark's meaning, for its dialect; else of both dialects */
    bool takes_null;     /* rows with a NULL argument are given, too */
    uint8_t n_args;
    uint8_t n_optional;                 /* how many of the last arguments may be left out */
    unsigned args[NLT_SCALAR_ARGS_MAX]; /* sets of types; every choice is an overload */
    nlt_dtype result;
    size_t memo_bytes;
    void (*memo_clear)(void *memo); /* at the end of a call; NULL: there is nothing to give back */
    /* One of the two. */
    nlt_status (*row)(nlt_scalar_call *call, int64_t row, nlt_error *err);
    nlt_status (*batch)(nlt_scalar_call *call, nlt_error *err);
};

NLT_API int nlt__scalar_count(void);
/* Row `index` in 0..count-1; NULL outside the range. */
NLT_API const nlt_scalar *nlt__scalar_at(int index);
/* By name, case-insensitive; of rows that share a name the first. NULL: unknown. */
NLT_API const nlt_scalar *nlt__scalar_find(const char *name);

/* Fills out->data and out->valid (both with room for n_rows; `valid` may hold anything) with the
 * results for `n_rows` rows. Types and number of `args` are as the row says. Thread-safe if each
 * thread has its own `out` and `arena`, which the caller resets once it has taken the results.
 * NLT_ERR_SQL, NLT_ERR_NOMEM, NLT_ERR_LIMIT; the message begins with the function's name. */
NLT_API nlt_status nlt__scalar_call(const nlt_scalar *scalar, const nlt_scalar_env *env,
    const nlt_vec *args, int n_args, int64_t n_rows, nlt_vec *out, nlt_arena *arena,
    nlt_error *err) NLT_MUST_CHECK;

/* ---- for the functions ---- */

static inline bool nlt__arg_valid(const nlt_scalar_call *call, int arg, int64_t row)
{
    return nlt__valid(call->args[arg].valid, row);
}

static inline nlt_type nlt__arg_type(const nlt_scalar_call *call, int arg)
{
    return call->args[arg].dtype.type;
}

static inline nlt_bytes nlt__arg_text(const nlt_scalar_call *call, int arg, int64_t row)
{
    return nlt__str_bytes((const nlt_str *)call->args[arg].data + row);
}

static inline int64_t nlt__arg_i64(const nlt_scalar_call *call, int arg, int64_t row)
{
    return ((const int64_t *)call->args[arg].data)[row];
}

static inline double nlt__arg_double(const nlt_scalar_call *call, int arg, int64_t row)
{
    return ((const double *)call->args[arg].data)[row];
}

static inline bool nlt__arg_bool(const nlt_scalar_call *call, int arg, int64_t row)
{
    return ((const uint8_t *)call->args[arg].data)[row] != 0;
}

static inline int64_t nlt__arg_date(const nlt_scalar_call *call, int arg, int64_t row)
{
    return ((const int32_t *)call->args[arg].data)[row];
}

/* Text of the arguments, of the arena, or static; valid UTF-8 without NUL. */
static inline void nlt__put_text(nlt_scalar_call *call, int64_t row, nlt_bytes text)
{
    nlt__str_set((nlt_str *)call->out->data + row, text.ptr, text.len);
    nlt__set_valid(call->out->valid, row);
}

/* Text of up to NLT_STR_INLINE bytes is kept whole, longer text copied into the arena. */
NLT_API nlt_status nlt__put_copy(
    nlt_scalar_call *call, int64_t row, nlt_bytes text, nlt_error *err) NLT_MUST_CHECK;

static inline void nlt__put_i64(nlt_scalar_call *call, int64_t row, int64_t value)
{
    ((int64_t *)call->out->data)[row] = value;
    nlt__set_valid(call->out->valid, row);
}

static inline void nlt__put_double(nlt_scalar_call *call, int64_t row, double value)
{
    ((double *)call->out->data)[row] = value;
    nlt__set_valid(call->out->valid, row);
}

static inline void nlt__put_bool(nlt_scalar_call *call, int64_t row, bool value)
{
    ((uint8_t *)call->out->data)[row] = value;
    nlt__set_valid(call->out->valid, row);
}

static inline void nlt__put_date(nlt_scalar_call *call, int64_t row, int32_t days)
{
    ((int32_t *)call->out->data)[row] = days;
    nlt__set_valid(call->out->valid, row);
}

static inline bool nlt__bytes_equal(nlt_bytes a, nlt_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

#endif
