/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan leaves beside its answer: files, and states in the persistent directory.
 *
 * All of it is written under temporary names once the run has succeeded, and committed together. The
 * state in the persistent directory comes last: it is what a later run builds on. */

#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "io/fs.h"
#include "io/state.h"

#define REPORT_NAME "report.json"

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the outputs of a plan");
}

/* ---- before the run ---- */

static nlt_status check_free(const char *folder, const char *name, nlt_error *err)
{
    nlt_fs_info info;
    char *path = nlt__fs_join(folder, name);
    if (path == NULL) {
        return no_memory(err);
    }
    nlt_status status = nlt__fs_for(path)->stat(path, &info, err);
    if (status == NLT_OK) {
        status = nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s exists already", path);
        nlt_error_hint(err, "choose another folder, or give --overwrite to replace it");
    } else {
        status = status == NLT_ERR_NOT_FOUND ? NLT_OK : nlt__fs_output(status, err);
    }
    nlt_free(path);
    return status;
}

/* Where a copy of an output goes; NULL: nowhere. */
static const char *folder_of(const nlt_outputs *outputs, const nlt_output *output)
{
    return output->kind == NLT_OUTPUT_STATE && outputs->state_dir != NULL ? outputs->state_dir
                                                                          : outputs->folder;
}

static nlt_status check_names(const nlt_outputs *outputs, nlt_error *err)
{
    const nlt_plan *plan = &outputs->table->plan;
    if (outputs->folder == NULL) {
        return NLT_OK;
    }
    NLT_TRY(check_free(outputs->folder, outputs->table->algo->output, err));
    NLT_TRY(check_free(outputs->folder, REPORT_NAME, err));
    for (int i = 0; i < plan->n_outputs; i++) {
        if (folder_of(outputs, &plan->outputs[i]) == outputs->folder) {
            NLT_TRY(check_free(outputs->folder, plan->outputs[i].name, err));
        }
    }
    return NLT_OK;
}

nlt_status nlt__outputs_begin(nlt_outputs *outputs, bool overwrite, nlt_error *err)
{
    const nlt_plan *plan = &outputs->table->plan;
    const char *persistent = outputs->table->session->persistent_dir;
    if (!overwrite) {
        NLT_TRY(check_names(outputs, err));
    }
    for (int i = 0; persistent != NULL && i < plan->n_outputs; i++) {
        if (plan->outputs[i].kind == NLT_OUTPUT_STATE) {
            NLT_TRY(nlt__state_lock(
                persistent, plan->outputs[i].name, &outputs->locks[outputs->n_locks], err));
            outputs->n_locks++;
        }
    }
    return NLT_OK;
}

/* ---- after the run ---- */

/* A new file, which is committed with the others. */
static nlt_status open_file(
    nlt_outputs *outputs, const char *folder, const char *name, nlt_outfile **out, nlt_error *err)
{
    char *path = nlt__fs_join(folder, name);
    nlt_status status = path != NULL
        ? nlt__outfile_open_until(path, &outputs->table->session->is_cancelled, out, err)
        : no_memory(err);
    nlt_free(path);
    if (status == NLT_OK) {
        outputs->files[outputs->n_files++] = *out;
    }
    return status;
}

static nlt_status write_bytes(
    nlt_outputs *outputs, const char *folder, const char *name, nlt_bytes bytes, nlt_error *err)
{
    nlt_outfile *file = NULL;
    NLT_TRY(open_file(outputs, folder, name, &file, err));
    return nlt__outfile_write(file, bytes.ptr, bytes.len, err);
}

/* The columns of an output's relation, without the one that orders. */
static int columns_of(
    const nlt_plan *plan, const nlt_output *output, nlt_column_desc out[NLT_KERNEL_COLUMNS_MAX])
{
    const nlt_kernel *kernel = nlt__plan_find(plan, output->relation)->kernel;
    int n = 0;
    for (int i = 0; i < kernel->n_output; i++) {
        if (strcmp(kernel->output[i].name, output->order) != 0) {
            out[n++] = kernel->output[i];
        }
    }
    return n;
}

/* DuckDB's sort of wide rows takes more than its limit: rows of kernels go to disk meanwhile, and what
 * kernels have freed goes back to the system. */
static nlt_status begin_sorting(nlt_session *session, nlt_error *err)
{
    session->budget.memory_max = 0;
    for (int i = 0; i < NLT_PLAN_NODES_MAX; i++) {
        if (session->relations[i].store != NULL) {
            NLT_TRY(nlt__row_store_trim(session->relations[i].store, err));
        }
    }
    nlt_alloc_trim();
    return NLT_OK;
}

static nlt_status write_csv(nlt_outputs *outputs, const nlt_output *output, nlt_error *err)
{
    nlt_column_desc columns[NLT_KERNEL_COLUMNS_MAX];
    nlt_outfile *file = NULL;
    int n = columns_of(&outputs->table->plan, output, columns);
    NLT_TRY(open_file(outputs, outputs->folder, output->name, &file, err));
    nlt_session *session = outputs->table->session;
    nlt_status status = begin_sorting(session, err);
    if (status == NLT_OK) {
        status = nlt__relation_write_file(session, output->relation, output->order, columns, n,
            nlt__format_find("csv"), file, err);
    }
    session->budget.memory_max = session->sql_bytes;
    return status;
}

static nlt_status add_lines(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    nlt_buf *text = ctx;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        nlt_bytes line = nlt__str_bytes((const nlt_str *)batch->cols[0].data + row);
        NLT_TRY(nlt__buf_append(text, line.ptr, line.len, err));
        NLT_TRY(nlt__buf_append(text, "\n", 1, err));
    }
    return NLT_OK;
}

/* The sealed object. */
static nlt_status make_state(
    nlt_outputs *outputs, const nlt_output *output, nlt_buf *out, nlt_error *err)
{
    nlt_column_desc columns[NLT_KERNEL_COLUMNS_MAX];
    nlt_buf object = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    int n = columns_of(&outputs->table->plan, output, columns);
    nlt_status status = nlt__relation_run(outputs->table->session, output->relation, output->order,
        columns, n, add_lines, &object, err);
    if (status == NLT_OK) {
        status = nlt__state_seal(output->version, (nlt_bytes){object.ptr, object.len}, out, err);
    }
    nlt__buf_clear(&object);
    return status;
}

/* The files that a state is put into: `persistent` or the others. */
static nlt_status write_state(
    nlt_outputs *outputs, const nlt_output *output, bool is_persistent, nlt_error *err)
{
    const char *folder =
        is_persistent ? outputs->table->session->persistent_dir : folder_of(outputs, output);
    if (folder == NULL) {
        return NLT_OK;
    }
    nlt_buf file = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    nlt_status status = make_state(outputs, output, &file, err);
    if (status == NLT_OK) {
        status = write_bytes(outputs, folder, output->name, (nlt_bytes){file.ptr, file.len}, err);
    }
    nlt__buf_clear(&file);
    return status;
}

static nlt_status write_report(nlt_outputs *outputs, nlt_error *err)
{
    char *text = NULL;
    NLT_TRY(nlt_session_report(outputs->table->session, &text, err));
    nlt_status status =
        write_bytes(outputs, outputs->folder, REPORT_NAME, (nlt_bytes){text, strlen(text)}, err);
    nlt_text_free(text);
    return status;
}

nlt_status nlt__outputs_write(nlt_outputs *outputs, nlt_error *err)
{
    const nlt_plan *plan = &outputs->table->plan;
    for (int i = 0; i < plan->n_outputs; i++) {
        bool is_state = plan->outputs[i].kind == NLT_OUTPUT_STATE;
        if (is_state) {
            NLT_TRY(write_state(outputs, &plan->outputs[i], false, err));
        } else if (outputs->folder != NULL) {
            NLT_TRY(write_csv(outputs, &plan->outputs[i], err));
        }
    }
    if (outputs->folder != NULL) {
        NLT_TRY(write_report(outputs, err));
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        if (plan->outputs[i].kind == NLT_OUTPUT_STATE) {
            NLT_TRY(write_state(outputs, &plan->outputs[i], true, err));
        }
    }
    return NLT_OK;
}

void nlt__outputs_add(nlt_outputs *outputs, nlt_outfile *file)
{
    memmove(outputs->files + 1, outputs->files, (size_t)outputs->n_files * sizeof file);
    outputs->files[0] = file;
    outputs->n_files++;
}

nlt_status nlt__outputs_commit(nlt_outputs *outputs, nlt_error *err)
{
    int n = outputs->n_files;
    outputs->n_files = 0;
    return nlt__outfiles_commit(outputs->files, n, err);
}

void nlt__outputs_end(nlt_outputs *outputs)
{
    for (int i = 0; i < outputs->n_files; i++) {
        nlt__outfile_discard(outputs->files[i]);
    }
    outputs->n_files = 0;
    for (int i = 0; i < outputs->n_locks; i++) {
        nlt__state_unlock(outputs->locks[i]);
    }
    outputs->n_locks = 0;
}

/* ---- a job ---- */

static nlt_status run_job(nlt_outputs *outputs, nlt_table *table, int64_t *n_rows, nlt_error *err)
{
    nlt_outfile *file = NULL;
    char *path = nlt__fs_join(outputs->folder, table->algo->output);
    nlt_status status = path == NULL
        ? no_memory(err)
        : open_file(outputs, outputs->folder, table->algo->output, &file, err);
    if (status == NLT_OK) {
        status = nlt__table_write_file(table, nlt__format_find("csv"), path, file, n_rows, err);
    }
    nlt_free(path);
    return status;
}

nlt_status nlt_job_write(nlt_table *table, const char *folder, const char *state_dir,
    bool overwrite, int64_t *n_rows, nlt_error *err)
{
    nlt_outputs outputs = {.table = table, .folder = folder, .state_dir = state_dir};
    int64_t n = 0;
    if (table->algo == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "the table is not the answer of an algorithm");
    }
    nlt_status status = nlt__outputs_begin(&outputs, overwrite, err);
    if (status == NLT_OK) {
        status = run_job(&outputs, table, &n, err);
    }
    if (status == NLT_OK) {
        status = nlt__outputs_write(&outputs, err);
    }
    if (status == NLT_OK) {
        status = nlt__outputs_commit(&outputs, err);
    }
    nlt__outputs_end(&outputs);
    if (n_rows != NULL) {
        *n_rows = n;
    }
    return status;
}
