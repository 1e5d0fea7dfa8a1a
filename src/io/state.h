/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_STATE_H
#define NLT_IO_STATE_H

/* States: JSON objects that algorithms keep from run to run, as files DIR/NAME on any file system.
 *
 * The file is the object with two keys in front of its own:
 *   {"version":1,"checksum":"0123456789abcdef",REST
 * where the checksum (FNV-1a, 64 bits) is that of the object without them: "{" REST. A state is
 * written under another name and renamed, so readers need no lock; runs that will write one hold
 * DIR/.NAME.lock, whose text says who they are. */

#include "core/buf.h"

enum { NLT_STATE_BYTES_MAX = 256 << 20 };

/* Appends the file of a state to `out`. `object` begins with '{' and has a key. */
NLT_API nlt_status nlt__state_seal(
    int version, nlt_bytes object, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* The object of a file, in its place. `path` is for messages. NLT_ERR_DAMAGED: not a state, of another
 * version, or changed since it was written. */
NLT_API nlt_status nlt__state_unseal(
    const char *path, int version, nlt_buf *file, nlt_bytes *object, nlt_error *err) NLT_MUST_CHECK;

/* Appends the bytes of a file. NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_LIMIT (out->max). */
NLT_API nlt_status nlt__state_read(const char *path, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* The object of state `name` below `folder`, in `file`. As nlt__state_read and nlt__state_unseal. */
NLT_API nlt_status nlt__state_load(const char *folder, const char *name, int version, nlt_buf *file,
    nlt_bytes *object, nlt_error *err) NLT_MUST_CHECK;

typedef struct nlt_state_lock nlt_state_lock;

/* Makes the folder and takes the lock of a state. A local lock ends with its process whatever
 * happens; one on HDFS stays if the process is killed, and the message tells to remove it.
 * NLT_ERR_OUTPUT: the folder cannot be made; NLT_ERR_IO: another run has it, who is told. */
NLT_API nlt_status nlt__state_lock(
    const char *folder, const char *name, nlt_state_lock **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__state_unlock(nlt_state_lock *lock); /* NULL is fine */

#endif
