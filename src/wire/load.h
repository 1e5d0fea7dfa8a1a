/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_LOAD_H
#define NLT_WIRE_LOAD_H

/* Integers of a stated byte order at any address. The caller has checked the bounds. */

#include <string.h>

#include "netlytics/base.h"

static inline uint16_t nlt__load_be16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}

static inline uint16_t nlt__load_le16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[1] << 8 | p[0]);
}

static inline uint32_t nlt__load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t nlt__load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint16_t nlt__load_16(const uint8_t *p, bool is_big_endian)
{
    return is_big_endian ? nlt__load_be16(p) : nlt__load_le16(p);
}

static inline uint32_t nlt__load_32(const uint8_t *p, bool is_big_endian)
{
    return is_big_endian ? nlt__load_be32(p) : nlt__load_le32(p);
}

#endif
