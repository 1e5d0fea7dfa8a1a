/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_HASH_H
#define NLT_CORE_HASH_H

#include "netlytics/base.h"

/* 64-bit hash of bytes for in-memory tables (not stable across versions, not for security). */
NLT_API uint64_t nlt__hash(nlt_bytes bytes, uint64_t seed);

#endif
