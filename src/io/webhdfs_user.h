/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_WEBHDFS_USER_H
#define NLT_IO_WEBHDFS_USER_H

/* As whom WebHDFS is asked. */

#include "core/buf.h"
#include "io/hadoop_conf.h"

/* Appends what each request carries: "&delegation=TOKEN" ($NETLYTICS_HDFS_TOKEN, or that of
 * $HADOOP_TOKEN_FILE_LOCATION for these NameNodes), else "&user.name=USER", else nothing, with
 * `*is_negotiated`: the tickets of Kerberos tell.
 * @param authority [in] "HOST:PORT" or the name service of the path
 * @return NLT_OK; NLT_ERR_ARG: the file cannot be used; NLT_ERR_NOMEM */
nlt_status nlt__webhdfs_user(const nlt_namenodes *nodes, nlt_bytes authority, nlt_buf *out,
    bool *is_negotiated, nlt_error *err) NLT_MUST_CHECK;

/* Appends percent-encoded text; letters, digits and the characters of `kept` stay. */
nlt_status nlt__put_escaped(
    nlt_buf *out, const char *text, const char *kept, nlt_error *err) NLT_MUST_CHECK;

#endif
