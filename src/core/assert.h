/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_ASSERT_H
#define NLT_CORE_ASSERT_H

/* A broken promise of our own code (never of the input) stops the program. Kept in releases. */
#define NLT_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
