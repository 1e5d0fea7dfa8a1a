/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_FUZZ_TARGET_H
#define NLT_TESTS_FUZZ_TARGET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* of all targets: this comes first */
#endif

/* Included in front of every fuzz target. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
