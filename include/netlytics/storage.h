/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_STORAGE_H
#define NETLYTICS_STORAGE_H

/**
 * Places for results, on local disks and on HDFS: files and folders that appear whole or not at
 * all.
 *
 * A path that begins with hdfs://, webhdfs:// or swebhdfs:// is on HDFS, every other one is local.
 */

#include "netlytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NLT_PATH_BYTES = 4096 }; /**< of a path with its NUL, at most */

/** True for hdfs://..., webhdfs://... and swebhdfs://... */
NLT_API bool nlt_path_is_hdfs(const char *path);

/**
 * A path as the flags ending in _HDFS take it: with a scheme, or an absolute path of fs.defaultFS.
 * @param out [out] caller's storage of `cap` bytes: the path with its scheme
 * @return NLT_OK; NLT_ERR_ARG: another scheme, a relative path, or a longer one
 */
NLT_API nlt_status nlt_path_to_hdfs(
    const char *path, char *out, size_t cap, nlt_error *err) NLT_MUST_CHECK;

/** Writes `text` to `path` under a temporary name and renames it. NLT_ERR_OUTPUT. */
NLT_API nlt_status nlt_file_write(
    const char *path, const char *text, nlt_error *err) NLT_MUST_CHECK;

/** Removes a file; one that is not there is fine. NLT_ERR_OUTPUT. */
NLT_API nlt_status nlt_file_remove(const char *path, nlt_error *err) NLT_MUST_CHECK;

/**
 * Removes what this process has begun to write at a path and not finished: files and folders under
 * temporary names beside it and in it. For a program that ends with its sessions still at work. On HDFS
 * nothing is done.
 */
NLT_API void nlt_drop_begun(const char *path);

/** A folder of results that is being written. */
typedef struct nlt_folder nlt_folder;

typedef struct nlt_folder_options {
    size_t struct_size; /**< sizeof(nlt_folder_options) */
    /** Names that the run will write, as patterns of fnmatch(3); borrowed until the call returns.
     * Other names are allowed. */
    const char *const *names;
    int n_names;
    bool overwrites; /**< names that exist are replaced */
    /** The folder is one result, which exists as a whole or is replaced as a whole: it must not
     * exist; with `overwrites`, it may hold nothing but `names`. */
    bool is_whole;
    /** Files go straight to `path`: who writes them makes them appear together. */
    bool is_in_place;
} nlt_folder_options;

#define NLT_FOLDER_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(nlt_folder_options), NULL, 0, false, false, false                                   \
    }

/**
 * Can results go to `path`? Nothing is made.
 * @return NLT_OK; NLT_ERR_OUTPUT: it is a file, or holds a name that would be written; NLT_ERR_ARG;
 *         NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_folder_check(
    const char *path, const nlt_folder_options *options, nlt_error *err) NLT_MUST_CHECK;

/**
 * Begins to write a folder, under a hidden name beside `path`, or in `path` if that exists and is
 * not replaced as a whole. Folders above it are made.
 * @param options [in] NULL for defaults; copied
 * @param out     [out] owned: nlt_folder_commit() or nlt_folder_discard()
 * @return as nlt_folder_check()
 */
NLT_API nlt_status nlt_folder_open(const char *path, const nlt_folder_options *options,
    nlt_folder **out, nlt_error *err) NLT_MUST_CHECK;

/** Where its files are to be written until it is committed; borrowed from the folder. */
NLT_API const char *nlt_folder_place(const nlt_folder *folder);

/**
 * Renames what was written there to `path`, or into it; `names` last, in their order. Takes the
 * folder; after a failure nothing of it is left.
 * @return NLT_OK; NLT_ERR_OUTPUT: also a name that has come to exist meanwhile; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_folder_commit(nlt_folder *folder, nlt_error *err) NLT_MUST_CHECK;

/**
 * Removes what was written (not what is in place), and the folders that were made for it. Takes the folder; NULL is fine.
 * @param err [in,out] the failure that led here, NULL if there is none: the place's name in it
 *            becomes that of the folder
 */
NLT_API void nlt_folder_discard(nlt_folder *folder, nlt_error *err);

#ifdef __cplusplus
}
#endif

#endif
