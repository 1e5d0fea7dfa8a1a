/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_MARKS_H
#define NLT_CORE_MARKS_H

/* Where the lines of a text end, and where their fields begin and end: found for many lines at once,
 * so that a line's fields are had without looking at its bytes again. */

#include "netlytics/base.h"

/* What parts the fields of a line. Newlines part them, too. */
typedef struct nlt_marking {
    enum {
        NLT_MARKING_NONE,  /* fields are not marked */
        NLT_MARKING_EACH,  /* every separator ends a field: marked are separators and newlines */
        NLT_MARKING_BLANKS /* runs of blanks do: marked are where fields begin and end, in turn */
    } kind;
    char separators[2]; /* of one byte: the same twice */
} nlt_marking;

/* The marks of one line: positions behind `base`. EACH: the last one is that of the newline. */
typedef struct nlt_cuts {
    const char *base;
    const uint32_t *at; /* NULL: they are not known */
    uint32_t n;
    char separator; /* the marking's first */
} nlt_cuts;

/* A line that has been found. */
typedef struct nlt_marked_line {
    uint32_t end;       /* where its newline is */
    uint32_t marks_end; /* the marks up to there, from the first one of the first line */
} nlt_marked_line;

enum { NLT_MARKS_STEP = 8 << 10, NLT_MARKS_PAD = 64 };

/* What processors have. */
typedef enum nlt_marks_kernel {
    NLT_MARKS_PLAIN,
    NLT_MARKS_AVX2,
    NLT_MARKS_AVX512,
    NLT_MARKS_KERNELS
} nlt_marks_kernel;

typedef struct nlt_marks {
    nlt_marks_kernel kernel; /* the best one of this processor */
    nlt_marking marking;
    uint32_t *at; /* owned; n used, cap of them */
    size_t n, cap;
    nlt_marked_line *lines; /* owned; of the last step */
    size_t n_lines;
    size_t known;      /* up to where marks have been looked for */
    size_t clean_from; /* bytes from here to `known` are ASCII without NUL */
    uint64_t is_blank; /* 1: the byte before `known` is a blank, or there is none */
} nlt_marks;

NLT_API bool nlt__marks_has_kernel(nlt_marks_kernel kernel);
/* Close it whatever is returned. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__marks_open(nlt_marks *marks, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__marks_close(nlt_marks *marks);
/* Forgets everything: the text begins anew, with a line. */
NLT_API void nlt__marks_begin(nlt_marks *marks, nlt_marking marking);
/* The first `n` bytes of the text go, and with them their marks. Lines that are not used up go, too. */
NLT_API void nlt__marks_drop(nlt_marks *marks, size_t n);
/* Finds the lines that end in the next NLT_MARKS_STEP bytes of the text, or in less if it ends before.
 * The first of them may begin earlier: its marks, which are all that were left, are kept. Behind the
 * text are NLT_MARKS_PAD blanks. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__marks_step(nlt_marks *marks, nlt_bytes text, nlt_error *err) NLT_MUST_CHECK;

/* The column of a line that begins at `line`; EACH, column < cuts->n. */
static inline nlt_bytes nlt__cuts_column(const nlt_cuts *cuts, const char *line, uint32_t column)
{
    const char *begin = column == 0 ? line : cuts->base + cuts->at[column - 1] + 1;
    return (nlt_bytes){begin, (size_t)(cuts->base + cuts->at[column] - begin)};
}

#endif
