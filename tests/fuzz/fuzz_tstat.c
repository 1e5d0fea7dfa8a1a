/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/fuzz_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_lines("tstat:DNS", data, size);
    fuzz_lines("tstat:NamedFlows", data, size);
    fuzz_lines("tstat:HTTP", data, size);
    return 0;
}
