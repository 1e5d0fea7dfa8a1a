/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the kernel of a node.
 *
 *   with keys   DuckDB's threads put the input's rows into parts by the hash of their keys; then
 *               each part is sorted and goes through an instance of its own, several at a time
 *   row by row  DuckDB's threads hand rows to an instance each
 *   finishing   one instance reads the input as it comes
 *
 * Parts are kept for a later kernel of the plan that reads the same rows in the same order. */

#include <string.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "core/thread.h"
#include "engine/engine.h"
#include "engine/key_sort.h"
#include "io/state.h"

enum { SQL_MAX = 1 << 20, STORE_COLUMNS = NLT_STORE_COLUMNS_MAX };

/* Rows of a relation in parts. */
struct nlt_kernel_store {
    const nlt_node *node; /* the first one that reads it */
    nlt_column_desc columns[STORE_COLUMNS];
    int n_columns;
    int keys[STORE_COLUMNS];
    int order[STORE_COLUMNS]; /* the kernel's order, then what breaks ties */
    int n_order;
    nlt_row_store *rows;
};

typedef struct instance instance;

typedef struct kernel_job {
    nlt_session *session;
    const nlt_node *node;
    const nlt_kernel *kernel;
    void *shared;
    struct nlt_kernel_store *input;
    int columns[STORE_COLUMNS]; /* of the input: what the kernel reads */
    bool is_last_reader;        /* of the input: its parts go once they are done */
    nlt_row_store *output;
    nlt_strings warnings[NLT_STORE_PARTS]; /* by part, so that their order is always the same */
    atomic_int next_part;
    atomic_bool stop;
    atomic_llong n_pushed; /* rows, where they are not counted by a store */
    pthread_mutex_t lock;
    nlt_error failure;   /* the first one */
    instance *instances; /* row by row; owned */
    int n_instances;
} kernel_job;

/* One instance and where its rows go. */
struct instance {
    kernel_job *job;
    void *state;
    nlt_batch *batch; /* owned; NULL where batches come ready */
    nlt_row_writer *writer;
    int part;
    nlt_emit emit;
    instance *next;
};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a step of the plan");
}

static const char *text_of(nlt_buf *buf, nlt_status *status, nlt_error *err)
{
    const char *text = *status == NLT_OK ? nlt__buf_cstr(buf) : NULL;
    if (*status == NLT_OK && text == NULL) {
        *status = no_memory(err);
    }
    return text;
}

/* ---- memory ---- */

/* Gives rows the memory of the phase that begins; what is above goes to disk. */
static nlt_status enter_phase(
    nlt_session *session, const nlt_kernel_stores *stores, int64_t memory, nlt_error *err)
{
    session->budget.memory_max = memory;
    for (int i = 0; i < stores->n; i++) {
        if (stores->items[i]->rows != NULL) {
            NLT_TRY(nlt__row_store_trim(stores->items[i]->rows, err));
        }
    }
    for (int i = 0; i < NLT_PLAN_NODES_MAX; i++) {
        if (session->relations[i].store != NULL) {
            NLT_TRY(nlt__row_store_trim(session->relations[i].store, err));
        }
    }
    return NLT_OK;
}

/* A scan needs little beside its buffers. */
static int64_t input_memory(const nlt_session *session, const nlt_plan *plan, const nlt_node *node)
{
    const nlt_node *input = nlt__plan_find(plan, node->input);
    bool is_scan = input != NULL && input->kind == NLT_NODE_SCAN;
    return is_scan ? session->kernel_bytes : session->sql_bytes;
}

/* ---- what the kernel reads, as SQL ---- */

/* "a", "b": names as a list. */
static nlt_status put_names(const nlt_column_desc *columns, int n, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s\"%s\"", i > 0 ? ", " : "", columns[i].name));
    }
    return NLT_OK;
}

/* What follows FROM. *has_key: rows have a row key. */
static nlt_status put_relation(
    const nlt_plan *plan, const nlt_node *node, nlt_buf *out, bool *has_key, nlt_error *err)
{
    const nlt_kernel *kernel = node->kernel;
    const nlt_node *input = nlt__plan_find(plan, node->input);
    bool is_scan = input != NULL && input->kind == NLT_NODE_SCAN;
    *has_key = is_scan || nlt__column_find(kernel->input, kernel->n_input, NLT_ROW_KEY_COLUMN) >= 0;
    return nlt__buf_printf(out, err, "\"%s%s\"", node->input, is_scan ? NLT_WITH_ROW_KEY : "");
}

/* ---- warnings ---- */

static bool has_text(const nlt_strings *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_warnings(kernel_job *job)
{
    nlt_strings all = NLT_STRINGS_INIT;
    for (int p = 0; p < NLT_STORE_PARTS; p++) {
        for (size_t i = 0; i < job->warnings[p].n; i++) {
            const char *text = job->warnings[p].items[i];
            if (!has_text(&all, text)) {
                nlt_status ignored = nlt__strings_add(&all, NULL, "%s", text);
                (void)ignored; /* a warning that memory is too short for */
            }
        }
        nlt__strings_clear(&job->warnings[p]);
    }
    nlt__warn_all(job->session, &all);
}

/* ---- what instances share ---- */

typedef struct side_rows {
    const nlt_kernel_share *share;
    void *shared;
    int side;
} side_rows;

static nlt_status give_side(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    side_rows *to = ctx;
    return to->share->rows(to->shared, to->side, batch, err);
}

static nlt_status read_side(kernel_job *job, int side, nlt_error *err)
{
    const nlt_kernel_side *desc = &job->kernel->sides[side];
    side_rows to = {job->kernel->share, job->shared, side};
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_append(&sql, "SELECT ", 7, err);
    for (int i = 0; status == NLT_OK && i < desc->n_columns; i++) {
        status = nlt__buf_printf(
            &sql, err, "%sCAST(\"%s\" AS ", i > 0 ? ", " : "", desc->columns[i].name);
        status = status == NLT_OK ? nlt__sql_type(desc->columns[i].dtype, &sql, err) : status;
        status = status == NLT_OK ? nlt__buf_append(&sql, ")", 1, err) : status;
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, " FROM \"%s\" ORDER BY ALL", job->node->sides[side]);
    }
    const char *text = text_of(&sql, &status, err);
    if (status == NLT_OK) {
        status = nlt__run_statement(job->session, text, give_side, &to, err);
    }
    nlt__buf_clear(&sql);
    return status;
}

static nlt_status read_resource(kernel_job *job, int resource, nlt_error *err)
{
    const nlt_kernel_share *share = job->kernel->share;
    const nlt_resource *desc = &job->node->resources[resource];
    nlt_buf file = NLT_BUF_INIT(NLT_STATE_BYTES_MAX);
    nlt_bytes bytes = {NULL, 0};
    NLT_ASSERT(desc->name != NULL && share->bytes != NULL);
    nlt_status status;
    if (desc->kind == NLT_RESOURCE_STATE) {
        status = nlt__state_load(
            job->session->persistent_dir, desc->name, desc->version, &file, &bytes, err);
    } else {
        status = nlt__state_read(desc->name, &file, err);
        bytes = (nlt_bytes){file.ptr, file.len};
    }
    if (status == NLT_OK) {
        status = share->bytes(job->shared, resource, bytes, err);
    }
    nlt__buf_clear(&file);
    return status;
}

static nlt_status open_shared(kernel_job *job, nlt_error *err)
{
    const nlt_kernel_share *share = job->kernel->share;
    if (share == NULL) {
        return NLT_OK;
    }
    const nlt_kernel_env env = {job->node->params, &job->warnings[0], NULL};
    if (share->open != NULL) {
        NLT_TRY(share->open(&env, &job->shared, err));
    }
    for (int i = 0; i < job->kernel->n_sides; i++) {
        NLT_ASSERT(job->node->sides[i] != NULL && share->rows != NULL);
        NLT_TRY(read_side(job, i, err));
    }
    for (int i = 0; i < job->kernel->n_resources; i++) {
        NLT_TRY(read_resource(job, i, err));
    }
    return share->finish != NULL ? share->finish(job->shared, err) : NLT_OK;
}

/* ---- instances ---- */

static nlt_status write_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    instance *in = ctx;
    return nlt__row_writer_add(in->writer, batch, in->part, err);
}

static nlt_status open_instance(instance *in, nlt_error *err)
{
    kernel_job *job = in->job;
    const nlt_kernel_env env = {job->node->params, &job->warnings[in->part], job->shared};
    in->emit = (nlt_emit){write_rows, in};
    return job->kernel->open(&env, &in->state, err);
}

static nlt_status finish_instance(instance *in, nlt_error *err)
{
    NLT_TRY(in->job->kernel->finish(in->state, &in->emit, err));
    return nlt__row_writer_flush(in->writer, in->part, err);
}

static void close_instance(instance *in)
{
    in->job->kernel->close(in->state);
    in->state = NULL;
}

static nlt_status dtypes_of(const nlt_column_desc *columns, int n, nlt_dtype *out)
{
    for (int i = 0; i < n; i++) {
        out[i] = columns[i].dtype;
    }
    return NLT_OK;
}

static nlt_status new_output(kernel_job *job, int n_parts, nlt_error *err)
{
    nlt_dtype dtypes[STORE_COLUMNS];
    NLT_ASSERT(job->kernel->n_output <= STORE_COLUMNS);
    NLT_TRY(dtypes_of(job->kernel->output, job->kernel->n_output, dtypes));
    return nlt__row_store_new(dtypes, job->kernel->n_output, NULL, 0, n_parts,
        job->session->threads, &job->session->budget, &job->output, err);
}

/* ---- with keys: the parts ---- */

static nlt_status open_writer(void *ctx, void **worker, nlt_error *err)
{
    nlt_row_writer *writer = NULL;
    NLT_TRY(nlt__row_writer_open(ctx, &writer, err));
    *worker = writer;
    return NLT_OK;
}

static nlt_status partition_rows(void *worker, const nlt_batch *rows, nlt_error *err)
{
    return nlt__row_writer_add(worker, rows, -1, err);
}

static bool equal_names(const char *const *a, int n_a, const char *const *b, int n_b)
{
    bool is_equal = n_a == n_b;
    for (int i = 0; is_equal && i < n_a; i++) {
        is_equal = strcmp(a[i], b[i]) == 0;
    }
    return is_equal;
}

/* True if the kernels of both nodes can read the same parts. */
static bool is_same_input(const nlt_node *a, const nlt_node *b)
{
    return b->kind == NLT_NODE_KERNEL && strcmp(a->input, b->input) == 0
        && equal_names(a->kernel->keys, a->kernel->n_keys, b->kernel->keys, b->kernel->n_keys)
        && equal_names(a->kernel->order, a->kernel->n_order, b->kernel->order, b->kernel->n_order);
}

static bool is_same_type(nlt_dtype a, nlt_dtype b)
{
    return a.type == b.type && a.scale == b.scale && (a.type != NLT_TYPE_LIST || a.item == b.item);
}

/* Position of a column in the store, as the kernel wants it; -1: not there. */
static int find_column(const struct nlt_kernel_store *store, const nlt_column_desc *column)
{
    int at = nlt__column_find(store->columns, store->n_columns, column->name);
    return at >= 0 && is_same_type(store->columns[at].dtype, column->dtype) ? at : -1;
}

/* Adds what the kernel of a node reads; false: a column has another type here, or there are too
 * many. */
static bool add_columns(struct nlt_kernel_store *store, const nlt_kernel *kernel)
{
    for (int i = 0; i < kernel->n_input; i++) {
        if (find_column(store, &kernel->input[i]) >= 0) {
            continue;
        }
        if (store->n_columns == STORE_COLUMNS - 1
            || nlt__column_find(store->columns, store->n_columns, kernel->input[i].name) >= 0) {
            return false;
        }
        store->columns[store->n_columns++] = kernel->input[i];
    }
    return true;
}

static int column_of(const struct nlt_kernel_store *store, const char *name)
{
    int at = nlt__column_find(store->columns, store->n_columns, name);
    NLT_ASSERT(at >= 0);
    return at;
}

/* Columns of this kernel and of later ones that can share; then the row key. */
static void choose_columns(struct nlt_kernel_store *store, const nlt_plan *plan, bool has_key)
{
    static const nlt_column_desc row_key = {
        .name = NLT_ROW_KEY_COLUMN, .dtype = {.type = NLT_TYPE_INT64}, .unit = "", .help = ""};
    bool is_ok = add_columns(store, store->node->kernel);
    NLT_ASSERT(is_ok);
    for (const nlt_node *n = store->node + 1; n < plan->nodes + plan->n_nodes; n++) {
        if (is_same_input(store->node, n)) {
            int before = store->n_columns;
            store->n_columns = add_columns(store, n->kernel) ? store->n_columns : before;
        }
    }
    if (has_key && find_column(store, &row_key) < 0) {
        store->columns[store->n_columns++] = row_key;
    }
    const nlt_kernel *kernel = store->node->kernel;
    for (int i = 0; i < kernel->n_keys; i++) {
        store->keys[i] = column_of(store, kernel->keys[i]);
    }
    for (int i = 0; i < kernel->n_order; i++) {
        store->order[store->n_order++] = column_of(store, kernel->order[i]);
    }
    if (has_key) {
        store->order[store->n_order++] = column_of(store, NLT_ROW_KEY_COLUMN);
    }
    for (int i = 0; store->n_order < STORE_COLUMNS && i < store->n_columns; i++) {
        store->order[store->n_order++] = i;
    }
}

static nlt_status fill_store(
    nlt_session *session, const nlt_plan *plan, struct nlt_kernel_store *store, nlt_error *err)
{
    nlt_buf relation = NLT_BUF_INIT(SQL_MAX);
    bool has_key = false;
    nlt_status status = put_relation(plan, store->node, &relation, &has_key, err);
    const char *from = text_of(&relation, &status, err);
    if (status == NLT_OK) {
        nlt_dtype dtypes[STORE_COLUMNS];
        choose_columns(store, plan, has_key);
        status = dtypes_of(store->columns, store->n_columns, dtypes);
        if (status == NLT_OK) {
            status = nlt__row_store_new(dtypes, store->n_columns, store->keys,
                store->node->kernel->n_keys, NLT_STORE_PARTS, session->threads, &session->budget,
                &store->rows, err);
        }
    }
    if (status == NLT_OK) {
        const nlt_sink_target target = {open_writer, partition_rows, store->rows};
        status = nlt__sink_run(session, from, store->columns, store->n_columns, &target, err);
    }
    nlt__buf_clear(&relation);
    return status == NLT_OK ? nlt__row_store_flush(store->rows, err) : status;
}

static void store_free(struct nlt_kernel_store *store)
{
    if (store != NULL) {
        nlt__row_store_free(store->rows);
        nlt_free(store);
    }
}

void nlt__kernel_stores_clear(nlt_kernel_stores *stores)
{
    for (int i = 0; i < stores->n; i++) {
        store_free(stores->items[i]);
    }
    stores->n = 0;
}

static bool has_columns(const struct nlt_kernel_store *store, const nlt_kernel *kernel)
{
    for (int i = 0; i < kernel->n_input; i++) {
        if (find_column(store, &kernel->input[i]) < 0) {
            return false;
        }
    }
    return true;
}

static nlt_status take_store(nlt_session *session, nlt_kernel_stores *stores, const nlt_node *node,
    struct nlt_kernel_store **out, nlt_error *err)
{
    for (int i = 0; i < stores->n; i++) {
        struct nlt_kernel_store *store = stores->items[i];
        if (is_same_input(store->node, node) && has_columns(store, node->kernel)) {
            *out = store;
            return NLT_OK;
        }
    }
    struct nlt_kernel_store *store = nlt_alloc_zero(1, sizeof *store);
    if (store == NULL) {
        return no_memory(err);
    }
    store->node = node;
    stores->items[stores->n++] = store; /* owned by the list whatever happens */
    *out = store;
    NLT_TRY(enter_phase(session, stores, input_memory(session, stores->plan, node), err));
    return fill_store(session, stores->plan, store, err);
}

/* True if a later kernel will read the parts, too. */
static bool is_needed_later(
    const nlt_kernel_stores *stores, const struct nlt_kernel_store *store, const nlt_node *node)
{
    const nlt_plan *plan = stores->plan;
    for (const nlt_node *n = node + 1; n < plan->nodes + plan->n_nodes; n++) {
        if (is_same_input(store->node, n) && has_columns(store, n->kernel)) {
            return true;
        }
    }
    return false;
}

/* ---- with keys: parts through instances ---- */

static nlt_status push_sorted(
    void *ctx, const nlt_row_lanes *rows, const uint32_t *index, int64_t n, nlt_error *err)
{
    instance *in = ctx;
    kernel_job *job = in->job;
    if (atomic_load(&job->session->is_cancelled)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    NLT_TRY(nlt__row_to_batch(job->input->rows, rows, index, n, job->columns, in->batch, err));
    return job->kernel->push(in->state, in->batch, &in->emit, err);
}

static nlt_status run_part(instance *in, nlt_error *err)
{
    kernel_job *job = in->job;
    const nlt_key_order order = {
        job->input->keys, job->kernel->n_keys, job->input->order, job->input->n_order, &job->stop};
    if (nlt__row_store_rows(job->input->rows, in->part) == 0) {
        return NLT_OK;
    }
    nlt_status status = open_instance(in, err);
    if (status == NLT_OK) {
        status = nlt__key_sort(
            job->input->rows, in->part, &order, job->session->sort_bytes, push_sorted, in, err);
    }
    if (status == NLT_OK) {
        status = finish_instance(in, err);
    }
    close_instance(in);
    if (job->is_last_reader) {
        nlt__row_store_drop(job->input->rows, in->part);
    }
    return status;
}

/* The first failure counts: what other threads meet after it is only that they were stopped. */
static nlt_status keep_failure(kernel_job *job, nlt_status status, const nlt_error *failure)
{
    pthread_mutex_lock(&job->lock);
    if (job->failure.code == NLT_OK) {
        job->failure = *failure;
        job->failure.code = status;
    }
    pthread_mutex_unlock(&job->lock);
    atomic_store(&job->stop, true);
    return status;
}

static nlt_status run_parts(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    kernel_job *job = ctx;
    instance in = {.job = job};
    nlt_error failure = NLT_ERROR_INIT;
    nlt_dtype dtypes[STORE_COLUMNS];
    nlt_status status = dtypes_of(job->kernel->input, job->kernel->n_input, dtypes);
    if (status == NLT_OK) {
        status = nlt__batch_new(dtypes, job->kernel->n_input, NLT_BATCH_ROWS, &in.batch, &failure);
    }
    if (status == NLT_OK) {
        status = nlt__row_writer_open(job->output, &in.writer, &failure);
    }
    while (status == NLT_OK && !atomic_load(&job->stop)) {
        in.part = atomic_fetch_add(&job->next_part, 1);
        if (in.part >= NLT_STORE_PARTS) {
            break;
        }
        status = run_part(&in, &failure);
    }
    nlt__batch_free(in.batch);
    if (status != NLT_OK && err != NULL) {
        *err = failure;
    }
    return status == NLT_OK ? NLT_OK : keep_failure(job, status, &failure);
}

static nlt_status run_keyed(kernel_job *job, nlt_kernel_stores *stores, nlt_error *err)
{
    NLT_TRY(take_store(job->session, stores, job->node, &job->input, err));
    for (int i = 0; i < job->kernel->n_input; i++) {
        job->columns[i] = find_column(job->input, &job->kernel->input[i]);
    }
    NLT_TRY(enter_phase(job->session, stores, job->session->kernel_bytes, err));
    job->session->stats[job->node - stores->plan->nodes].rows_in =
        nlt__row_store_rows(job->input->rows, -1);
    job->is_last_reader = !is_needed_later(stores, job->input, job->node);
    NLT_TRY(new_output(job, NLT_STORE_PARTS, err));
    int threads = job->session->threads < NLT_STORE_PARTS ? job->session->threads : NLT_STORE_PARTS;
    nlt_status status = nlt__parallel(threads, run_parts, job, err);
    if (job->failure.code != NLT_OK) {
        status = job->failure.code;
        if (err != NULL) {
            *err = job->failure;
        }
    }
    if (job->is_last_reader) {
        nlt__row_store_free(job->input->rows);
        job->input->rows = NULL;
    }
    return status;
}

/* ---- row by row ---- */

static nlt_status open_row_wise(void *ctx, void **worker, nlt_error *err)
{
    kernel_job *job = ctx;
    instance *in = nlt_alloc_zero(1, sizeof *in);
    if (in == NULL) {
        return no_memory(err);
    }
    in->job = job;
    pthread_mutex_lock(&job->lock);
    in->part = job->n_instances++ % NLT_STORE_PARTS;
    in->next = job->instances;
    job->instances = in;
    pthread_mutex_unlock(&job->lock);
    *worker = in;
    NLT_TRY(nlt__row_writer_open(job->output, &in->writer, err));
    return open_instance(in, err);
}

static nlt_status push_row_wise(void *worker, const nlt_batch *rows, nlt_error *err)
{
    instance *in = worker;
    atomic_fetch_add(&in->job->n_pushed, rows->n_rows);
    return in->job->kernel->push(in->state, rows, &in->emit, err);
}

static nlt_status run_row_wise(kernel_job *job, const nlt_plan *plan, nlt_error *err)
{
    nlt_buf relation = NLT_BUF_INIT(SQL_MAX);
    bool has_key = false;
    NLT_TRY(new_output(job, NLT_STORE_PARTS, err));
    nlt_status status = put_relation(plan, job->node, &relation, &has_key, err);
    const char *from = text_of(&relation, &status, err);
    if (status == NLT_OK) {
        const nlt_sink_target target = {open_row_wise, push_row_wise, job};
        status = nlt__sink_run(
            job->session, from, job->kernel->input, job->kernel->n_input, &target, err);
    }
    while (job->instances != NULL) {
        instance *in = job->instances;
        job->instances = in->next;
        status = status == NLT_OK ? finish_instance(in, err) : status;
        close_instance(in);
        nlt_free(in);
    }
    nlt__buf_clear(&relation);
    return status;
}

/* ---- finishing ---- */

static nlt_status put_finishing(
    const nlt_plan *plan, const nlt_node *node, nlt_buf *out, nlt_error *err)
{
    const nlt_kernel *kernel = node->kernel;
    bool has_key = false;
    NLT_TRY(nlt__buf_append(out, "SELECT ", 7, err));
    NLT_TRY(put_names(kernel->input, kernel->n_input, out, err));
    NLT_TRY(nlt__buf_append(out, " FROM ", 6, err));
    NLT_TRY(put_relation(plan, node, out, &has_key, err));
    for (int i = 0; i < kernel->n_order; i++) {
        NLT_TRY(
            nlt__buf_printf(out, err, "%s\"%s\"", i > 0 ? ", " : " ORDER BY ", kernel->order[i]));
    }
    if (kernel->n_order == 0) {
        return NLT_OK;
    }
    NLT_TRY(nlt__buf_printf(out, err, has_key ? ", \"" NLT_ROW_KEY_COLUMN "\", " : ", "));
    return put_names(kernel->input, kernel->n_input, out, err);
}

static nlt_status push_finishing(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    instance *in = ctx;
    atomic_fetch_add(&in->job->n_pushed, batch->n_rows);
    return in->job->kernel->push(in->state, batch, &in->emit, err);
}

static nlt_status run_finishing(
    kernel_job *job, const nlt_plan *plan, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    instance in = {.job = job};
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = NLT_OK;
    if (rows == NULL) {
        NLT_TRY(new_output(job, 1, err));
        NLT_TRY(nlt__row_writer_open(job->output, &in.writer, err));
    }
    status = open_instance(&in, err);
    if (rows != NULL) {
        in.emit = (nlt_emit){rows, ctx};
    }
    if (status == NLT_OK) {
        status = put_finishing(plan, job->node, &sql, err);
    }
    const char *text = text_of(&sql, &status, err);
    if (status == NLT_OK) {
        status = nlt__run_statement(job->session, text, push_finishing, &in, err);
    }
    if (status == NLT_OK) {
        status = job->kernel->finish(in.state, &in.emit, err);
    }
    if (status == NLT_OK && rows == NULL) {
        status = nlt__row_writer_flush(in.writer, -1, err);
    }
    close_instance(&in);
    nlt__buf_clear(&sql);
    return status;
}

/* ---- */

/* Rows that are the answer: part after part, so in the same order for any number of threads. */
static nlt_status hand_on(kernel_job *job, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    nlt_dtype dtypes[STORE_COLUMNS];
    nlt_batch *batch = NULL;
    NLT_TRY(dtypes_of(job->kernel->output, job->kernel->n_output, dtypes));
    NLT_TRY(nlt__batch_new(dtypes, job->kernel->n_output, NLT_BATCH_ROWS, &batch, err));
    nlt_status status = NLT_OK;
    for (int p = 0; status == NLT_OK && p < nlt__row_store_parts(job->output); p++) {
        nlt_row_cursor *cursor = NULL;
        int n = 1;
        status = nlt__row_cursor_open(job->output, p, &cursor, err);
        while (status == NLT_OK && n > 0) {
            const nlt_row_lanes *lanes = NULL;
            status = nlt__row_cursor_next(cursor, &lanes, &n, err);
            if (status == NLT_OK && n > 0) {
                status = nlt__row_to_batch(job->output, lanes, NULL, n, NULL, batch, err);
            }
            if (status == NLT_OK && n > 0) {
                status = rows(ctx, batch, err);
            }
        }
        nlt__row_cursor_close(cursor);
    }
    nlt__batch_free(batch);
    return status;
}

static nlt_status run_job(
    kernel_job *job, nlt_kernel_stores *stores, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    const nlt_kernel *kernel = job->kernel;
    NLT_TRY(open_shared(job, err));
    if (kernel->n_keys > 0) {
        NLT_TRY(run_keyed(job, stores, err));
    } else if (kernel->is_row_wise) {
        if (rows != NULL) {
            return nlt_fail(err, NLT_ERR_INTERNAL,
                "%s: a plan cannot end in a kernel whose rows "
                "have no order",
                kernel->name);
        }
        NLT_TRY(run_row_wise(job, stores->plan, err));
    } else {
        return run_finishing(job, stores->plan, rows, ctx, err);
    }
    return rows != NULL ? hand_on(job, rows, ctx, err) : NLT_OK;
}

nlt_status nlt__kernel_run(nlt_session *session, nlt_kernel_stores *stores, int node,
    nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    kernel_job *job = nlt_alloc_zero(1, sizeof *job);
    if (job == NULL) {
        return no_memory(err);
    }
    job->session = session;
    job->node = &stores->plan->nodes[node];
    job->kernel = job->node->kernel;
    pthread_mutex_init(&job->lock, NULL);
    int64_t spilled = atomic_load(&session->budget.spilled);
    nlt_status status = run_job(job, stores, rows, ctx, err);
    nlt_node_stats *stats = &session->stats[node];
    stats->rows_in = stats->rows_in < 0 ? atomic_load(&job->n_pushed) : stats->rows_in;
    stats->spilled_bytes = atomic_load(&session->budget.spilled) - spilled;
    if (job->output != NULL) {
        stats->rows = nlt__row_store_rows(job->output, -1);
        stats->bytes = nlt__row_store_bytes(job->output);
    }
    if (job->shared != NULL) {
        job->kernel->share->close(job->shared);
    }
    tell_warnings(job);
    if (status == NLT_OK && rows == NULL) {
        session->relations[node] = (nlt_stored_relation){job->output, job->kernel};
        status = enter_phase(session, stores, session->sql_bytes, err);
    } else {
        nlt__row_store_free(job->output);
    }
    pthread_mutex_destroy(&job->lock);
    nlt_free(job);
    return status;
}
