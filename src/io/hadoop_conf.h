/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_HADOOP_CONF_H
#define NLT_IO_HADOOP_CONF_H

/* What Hadoop's client configuration says: core-site.xml and hdfs-site.xml of $HADOOP_CONF_DIR, or
 * of $HADOOP_HOME/etc/hadoop. Neither set: there is no configuration, and every name has no value.
 */

#include "netlytics/base.h"

typedef struct nlt_hadoop_conf nlt_hadoop_conf;

enum { NLT_HADOOP_NAMENODES_MAX = 8, NLT_HADOOP_HOST_MAX = 320 };

/* The NameNodes of a file system, where WebHDFS answers: "host:port". */
typedef struct nlt_namenodes {
    char hosts[NLT_HADOOP_NAMENODES_MAX][NLT_HADOOP_HOST_MAX];
    int n;
    int tries; /* dfs.http.client.retry.max.attempts, 1 to 100; default 10 */
    bool is_https;
    bool is_kerberos;
} nlt_namenodes;

/* NLT_ERR_ARG: a file that is no configuration; NLT_ERR_IO; NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__hadoop_conf_load(nlt_hadoop_conf **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__hadoop_conf_free(nlt_hadoop_conf *conf); /* NULL is fine */

/* The value of a property; NULL: none. Borrowed from `conf`. */
NLT_API const char *nlt__hadoop_conf_get(const nlt_hadoop_conf *conf, const char *name);

/* The NameNodes behind "hdfs://AUTHORITY/": those of a name service, or of
 * dfs.namenode.http-address if the authority is that of fs.defaultFS, else port 9870 of the host.
 * "" is fs.defaultFS. NLT_ERR_ARG: no such file system can be made out. */
NLT_API nlt_status nlt__hadoop_namenodes(const nlt_hadoop_conf *conf, nlt_bytes authority,
    nlt_namenodes *out, nlt_error *err) NLT_MUST_CHECK;

#endif
