/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_WEBHDFS_H
#define NLT_IO_WEBHDFS_H

/* HDFS through WebHDFS: rows of the table of file systems.
 *
 *   hdfs://HOST[:PORT]/PATH    NameNode found as Hadoop's configuration says (io/hadoop_conf.h)
 *   webhdfs://HOST:PORT/PATH   WebHDFS (also HttpFS, Knox) at this very address
 *   swebhdfs://HOST:PORT/PATH  the same over TLS
 *
 * The user is $HADOOP_USER_NAME, else that of the process; with hadoop.security.authentication =
 * kerberos the user's tickets. A delegation token goes before both: that of
 * $HADOOP_TOKEN_FILE_LOCATION for the NameNode, or $NETLYTICS_HDFS_TOKEN (the text that
 * op=GETDELEGATIONTOKEN gives). */

#include "io/fs.h"

extern const nlt_fs nlt__fs_hdfs;
extern const nlt_fs nlt__fs_webhdfs;
extern const nlt_fs nlt__fs_swebhdfs;

#endif
