/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_ARROW_NODE_H
#define NLT_TABLE_ARROW_NODE_H

/* Arrow arrays of our own: the release callback of the root frees all, and children that were moved
 * out free themselves. */

#include "netlytics/arrow.h"
#include "netlytics/base.h"

/* An array with room for its children, which are all zero. False: no memory, nothing to free. */
bool nlt__arrow_node_init(
    struct ArrowArray *array, int64_t length, int64_t n_buffers, int64_t n_children);
/* Buffer `index` of an array of ours (0..2) is `buffer`, which it takes: freed by nlt_free. */
void nlt__arrow_node_take(struct ArrowArray *array, int index, void *buffer);

#endif
