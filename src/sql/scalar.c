/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of functions, and the loop that gives rows to them. */

#include "sql/scalar.h"

#include "core/assert.h"
#include "core/strings.h"

#define X(name) extern const nlt_scalar nlt_scalar_##name;
#include "sql/scalars.def"
#undef X

static const nlt_scalar *const scalars[] = {
#define X(name) &nlt_scalar_##name,
#include "sql/scalars.def"
#undef X
};

enum { SCALAR_COUNT = sizeof scalars / sizeof scalars[0], MEMO_ALIGN = 16 };

int nlt__scalar_count(void)
{
    return SCALAR_COUNT;
}

const nlt_scalar *nlt__scalar_at(int index)
{
    return index >= 0 && index < SCALAR_COUNT ? scalars[index] : NULL;
}

const nlt_scalar *nlt__scalar_find(const char *name)
{
    for (int i = 0; i < SCALAR_COUNT; i++) {
        if (nlt__equal_ignore_case(scalars[i]->name, name)) {
            return scalars[i];
        }
    }
    return NULL;
}

nlt_status nlt__put_copy(nlt_scalar_call *call, int64_t row, nlt_bytes text, nlt_error *err)
{
    if (text.len > NLT_STR_INLINE) {
        text.ptr = nlt__arena_copy(call->arena, text);
        if (text.ptr == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu bytes of text", text.len);
        }
    }
    nlt__put_text(call, row, text);
    return NLT_OK;
}

/* Rows of a 64-row word whose arguments are all valid. */
static uint64_t due_rows(const nlt_scalar_call *call, int64_t word, bool takes_null)
{
    int64_t left = call->n_rows - word * 64;
    uint64_t due = left < 64 ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
    for (int a = 0; a < call->n_args && !takes_null; a++) {
        due &= call->args[a].valid[word];
    }
    return due;
}

static nlt_status call_rows(const nlt_scalar *scalar, nlt_scalar_call *call, nlt_error *err)
{
    int64_t n_words = (call->n_rows + 63) / 64;
    for (int64_t word = 0; word < n_words; word++) {
        uint64_t due = due_rows(call, word, scalar->takes_null);
        for (; due != 0; due &= due - 1) {
            NLT_TRY(scalar->row(call, word * 64 + __builtin_ctzll(due), err));
        }
    }
    return NLT_OK;
}

nlt_status nlt__scalar_call(const nlt_scalar *scalar, const nlt_scalar_env *env,
    const nlt_vec *args, int n_args, int64_t n_rows, nlt_vec *out, nlt_arena *arena, nlt_error *err)
{
    NLT_ASSERT(n_args <= scalar->n_args && n_args >= scalar->n_args - scalar->n_optional);
    nlt_scalar_call call = {args, n_args, n_rows, out, arena, env, NULL};
    memset(out->valid, 0, (size_t)((n_rows + 63) / 64) * sizeof *out->valid);
    out->n_child = 0;
    if (scalar->memo_bytes > 0) {
        char *bytes = nlt__arena_alloc(arena, scalar->memo_bytes + MEMO_ALIGN);
        if (bytes == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        memset(bytes, 0, scalar->memo_bytes + MEMO_ALIGN);
        call.memo = bytes + (MEMO_ALIGN - (uintptr_t)bytes % MEMO_ALIGN) % MEMO_ALIGN;
    }
    nlt_status status =
        scalar->batch != NULL ? scalar->batch(&call, err) : call_rows(scalar, &call, err);
    if (scalar->memo_clear != NULL) {
        scalar->memo_clear(call.memo);
    }
    return status;
}
