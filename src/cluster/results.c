/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an algorithm leaves, committed together: its answer, further files, report.json, copies of
 * what it has learned, and last the state in the persistent directory, which a later run builds on.
 */

#include <string.h>

#include "cluster/job.h"
#include "cluster/row_input.h"
#include "core/alloc.h"
#include "io/fs.h"
#include "io/state.h"
#include "netlytics/storage.h"
#include "output/writer.h"

#define REPORT_NAME "report.json"

enum { FILES_MAX = 2 * NLT_PLAN_OUTPUTS_MAX + 2, TEXT_MAX = 1 << 30, WRITE_BYTES = 256 << 10 };

struct nlt_results {
    nlt_job *job;                  /* borrowed */
    nlt_folder *folder;            /* owned */
    char *state_dir;               /* owned; NULL: the folder */
    char *persistent_dir;          /* owned; NULL: none */
    nlt_outfile *files[FILES_MAX]; /* owned */
    int n_files;
    nlt_outfile *states[NLT_PLAN_OUTPUTS_MAX]; /* of the persistent directory; owned */
    int n_states;
    nlt_state_lock *locks[NLT_PLAN_OUTPUTS_MAX];
    int n_locks;
};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the results of a run");
}

/* ---- life ---- */

static void clear(nlt_results *results)
{
    for (int i = 0; i < results->n_files; i++) {
        nlt__outfile_discard(results->files[i]);
    }
    for (int i = 0; i < results->n_states; i++) {
        nlt__outfile_discard(results->states[i]);
    }
    for (int i = 0; i < results->n_locks; i++) {
        nlt__state_unlock(results->locks[i]);
    }
    nlt_free(results->state_dir);
    nlt_free(results->persistent_dir);
    nlt_free(results);
}

void nlt_results_discard(nlt_results *results)
{
    if (results != NULL) {
        nlt_folder *folder = results->folder;
        clear(results); /* the files go before the folders that were made for them */
        nlt_folder_discard(folder, NULL);
    }
}

static nlt_status open_folder(
    nlt_results *results, const char *folder, bool overwrite, nlt_error *err)
{
    const nlt_plan *plan = &results->job->plan;
    const char *names[NLT_PLAN_OUTPUTS_MAX + 2];
    nlt_folder_options options = NLT_FOLDER_OPTIONS_INIT;
    options.names = names;
    names[options.n_names++] = results->job->algo->output;
    for (int i = 0; i < plan->n_outputs; i++) {
        if (plan->outputs[i].kind != NLT_OUTPUT_STATE || results->state_dir == NULL) {
            names[options.n_names++] = plan->outputs[i].name;
        }
    }
    names[options.n_names++] = REPORT_NAME;
    options.overwrites = overwrite;
    options.is_in_place = true;
    return nlt_folder_open(folder, &options, &results->folder, err);
}

static nlt_status take_locks(nlt_results *results, nlt_error *err)
{
    const nlt_plan *plan = &results->job->plan;
    for (int i = 0; results->persistent_dir != NULL && i < plan->n_outputs; i++) {
        if (plan->outputs[i].kind == NLT_OUTPUT_STATE) {
            NLT_TRY(nlt__state_lock(results->persistent_dir, plan->outputs[i].name,
                &results->locks[results->n_locks], err));
            results->n_locks++;
        }
    }
    return NLT_OK;
}

static nlt_status copy_text(const char *text, char **out, nlt_error *err)
{
    *out = text != NULL ? nlt_strdup(text) : NULL;
    return text != NULL && *out == NULL ? no_memory(err) : NLT_OK;
}

nlt_status nlt_results_open(nlt_job *job, const char *folder, const char *state_dir,
    const char *persistent_dir, bool overwrite, nlt_results **out, nlt_error *err)
{
    *out = NULL;
    if (job->algo == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "the job runs no algorithm");
    }
    nlt_results *results = nlt_alloc_zero(1, sizeof *results);
    if (results == NULL) {
        return no_memory(err);
    }
    results->job = job;
    nlt_status status = copy_text(state_dir, &results->state_dir, err);
    status = status == NLT_OK ? copy_text(persistent_dir, &results->persistent_dir, err) : status;
    status = status == NLT_OK ? open_folder(results, folder, overwrite, err) : status;
    status = status == NLT_OK ? take_locks(results, err) : status;
    if (status != NLT_OK) {
        nlt_results_discard(results);
        return status;
    }
    *out = results;
    return NLT_OK;
}

/* ---- files ---- */

static nlt_status open_file(const char *folder, const char *name, nlt_outfile **out, nlt_error *err)
{
    char *path = nlt__fs_join(folder, name);
    if (path == NULL) {
        return no_memory(err);
    }
    nlt_status status = nlt__outfile_open(path, out, err);
    nlt_free(path);
    return status;
}

static nlt_status write_bytes(
    nlt_results *results, const char *folder, const char *name, nlt_bytes bytes, nlt_error *err)
{
    nlt_outfile **file = &results->files[results->n_files];
    NLT_TRY(open_file(folder, name, file, err));
    results->n_files++;
    return nlt__outfile_write(*file, bytes.ptr, bytes.len, err);
}

/* The lines of an object. */
static nlt_status read_lines(nlt_row_input *input, nlt_buf *out, nlt_error *err)
{
    const nlt_batch *batch = NULL;
    for (;;) {
        NLT_TRY(nlt__row_input_next(input, &batch, err));
        if (batch == NULL) {
            return NLT_OK;
        }
        for (int64_t row = 0; row < batch->n_rows; row++) {
            nlt_bytes line = nlt__str_bytes((const nlt_str *)batch->cols[0].data + row);
            NLT_TRY(nlt__buf_append(out, line.ptr, line.len, err));
            NLT_TRY(nlt__buf_append(out, "\n", 1, err));
        }
    }
}

/* A state: a copy for the user, and what a later run is given. */
static nlt_status put_state(
    nlt_results *results, const nlt_output *output, nlt_bytes file, nlt_error *err)
{
    const char *copies =
        results->state_dir != NULL ? results->state_dir : nlt_folder_place(results->folder);
    NLT_TRY(write_bytes(results, copies, output->name, file, err));
    if (results->persistent_dir == NULL) {
        return NLT_OK;
    }
    nlt_outfile **state = &results->states[results->n_states];
    NLT_TRY(open_file(results->persistent_dir, output->name, state, err));
    results->n_states++;
    return nlt__outfile_write(*state, file.ptr, file.len, err);
}

static nlt_status add_state(
    nlt_results *results, const nlt_output *output, nlt_row_input *input, nlt_error *err)
{
    nlt_buf object = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    nlt_buf file = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    nlt_status status = read_lines(input, &object, err);
    if (status == NLT_OK) {
        status = nlt__state_seal(output->version, (nlt_bytes){object.ptr, object.len}, &file, err);
    }
    if (status == NLT_OK) {
        status = put_state(results, output, (nlt_bytes){file.ptr, file.len}, err);
    }
    nlt__buf_clear(&object);
    nlt__buf_clear(&file);
    return status;
}

static nlt_status add_csv(
    nlt_results *results, const char *name, nlt_row_input *input, int64_t *n_rows, nlt_error *err)
{
    nlt_outfile **file = &results->files[results->n_files];
    NLT_TRY(open_file(nlt_folder_place(results->folder), name, file, err));
    results->n_files++;
    return nlt__rows_put(input, nlt__format_find("csv"), *file, n_rows, err);
}

static const nlt_output *find_output(const nlt_plan *plan, const char *name)
{
    for (int i = 0; i < plan->n_outputs; i++) {
        if (strcmp(plan->outputs[i].name, name) == 0) {
            return &plan->outputs[i];
        }
    }
    return NULL;
}

static nlt_status add(
    nlt_results *results, const char *name, nlt_row_input *input, int64_t *n_rows, nlt_error *err)
{
    const nlt_output *output = name != NULL ? find_output(&results->job->plan, name) : NULL;
    if (name != NULL && output == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "the plan has no output \"%s\"", name);
    }
    if (results->n_files + 1 >= FILES_MAX) {
        return nlt_fail(err, NLT_ERR_ARG, "more results than the plan has");
    }
    return output != NULL && output->kind == NLT_OUTPUT_STATE
        ? add_state(results, output, input, err)
        : add_csv(results, name != NULL ? name : results->job->algo->output, input, n_rows, err);
}

nlt_status nlt_results_add(nlt_results *results, const char *output, struct ArrowArrayStream *rows,
    int64_t *n_rows, nlt_error *err)
{
    int64_t n = 0;
    nlt_row_input input;
    nlt_status status = nlt__row_input_open(&input, rows, err);
    if (status == NLT_OK) {
        status = add(results, output, &input, &n, err);
    }
    nlt__row_input_clear(&input);
    if (n_rows != NULL) {
        *n_rows = n;
    }
    return status;
}

/* ---- the end ---- */

static nlt_status write_report(nlt_results *results, nlt_error *err)
{
    char *text = NULL;
    NLT_TRY(nlt_job_report(results->job, &text, err));
    nlt_status status = write_bytes(results, nlt_folder_place(results->folder), REPORT_NAME,
        (nlt_bytes){text, strlen(text)}, err);
    nlt_text_free(text);
    return status;
}

nlt_status nlt_results_commit(nlt_results *results, nlt_error *err)
{
    nlt_status status = write_report(results, err);
    nlt_outfile *files[FILES_MAX + NLT_PLAN_OUTPUTS_MAX];
    int n = results->n_files;
    if (status == NLT_OK) {
        memcpy(files, results->files, (size_t)n * sizeof(nlt_outfile *));
        memcpy(files + n, results->states, (size_t)results->n_states * sizeof(nlt_outfile *));
        n += results->n_states;
        results->n_files = 0;
        results->n_states = 0;
        status = nlt__outfiles_commit(files, n, err);
    }
    if (status != NLT_OK) {
        nlt_results_discard(results);
        return status;
    }
    nlt_folder *folder = results->folder;
    clear(results);
    return nlt_folder_commit(folder, err);
}

/* ---- resources ---- */

static nlt_status read_resource(const nlt_resource *resource, const char *persistent_dir,
    nlt_buf *file, nlt_bytes *bytes, nlt_error *err)
{
    if (resource->kind == NLT_RESOURCE_FILE) {
        NLT_TRY(nlt__state_read(resource->name, file, err));
        *bytes = (nlt_bytes){file->ptr, file->len};
        return NLT_OK;
    }
    if (persistent_dir == NULL) {
        nlt_fail(err, NLT_ERR_ARG, "what was learned is read from a persistent directory");
        nlt_error_hint(err, "name it with --persistent_dir_local or --persistent_dir_HDFS");
        return NLT_ERR_ARG;
    }
    return nlt__state_load(persistent_dir, resource->name, resource->version, file, bytes, err);
}

nlt_status nlt_job_resource(nlt_job *job, const char *node, int resource,
    const char *persistent_dir, char **bytes, size_t *len, nlt_error *err)
{
    const nlt_node *found = nlt__plan_find(&job->plan, node);
    nlt_buf file = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    nlt_bytes content = {NULL, 0};
    *bytes = NULL;
    *len = 0;
    if (found == NULL || found->kind != NLT_NODE_KERNEL || resource < 0
        || resource >= found->kernel->n_resources) {
        return nlt_fail(err, NLT_ERR_ARG, "the plan has no resource %d of \"%s\"", resource, node);
    }
    nlt_status status =
        read_resource(&found->resources[resource], persistent_dir, &file, &content, err);
    if (status == NLT_OK) {
        *bytes = nlt_strndup(content.ptr, content.len);
        *len = content.len;
        status = *bytes != NULL ? NLT_OK : no_memory(err);
    }
    nlt__buf_clear(&file);
    return status;
}
