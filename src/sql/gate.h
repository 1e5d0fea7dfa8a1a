/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_GATE_H
#define NLT_SQL_GATE_H

/* The statement gate: what a user's query may be, whatever engine runs it. */

#include "netlytics/base.h"

/* One SELECT (or WITH ... SELECT, VALUES, parentheses); a trailing ';' and comments are fine.
 * NLT_ERR_SQL says what was refused, with its place. Refused too: FROM 'file', and functions and
 * table functions that reach a file, the environment or the engine's inside (a table of names). */
NLT_API nlt_status nlt__sql_gate(const char *query, nlt_error *err) NLT_MUST_CHECK;
/* True for names that a query may use neither as a function nor as a table. */
NLT_API bool nlt__sql_is_forbidden(const char *name);

#endif
