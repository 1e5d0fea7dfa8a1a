/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/fuzz_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_lines("bind:DNS", data, size);
    return 0;
}
