/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_FUZZ_LINES_H
#define NLT_TESTS_FUZZ_LINES_H

#include <stddef.h>
#include <stdint.h>

/* Gives each line of the bytes to a connector, with all of its columns and with none: the verdicts
 * must agree, every text must be valid. Records are paired at the end. */
void fuzz_lines(const char *connector, const uint8_t *data, size_t size);

#endif
