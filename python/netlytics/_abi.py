# SPDX-License-Identifier: GPL-3.0-or-later
"""What the headers in include/netlytics say, for ctypes: structs and functions.

A test compiles the headers and compares sizes and places of all fields; the library refuses option
structs of another size. Functions of the embedded engine stand apart: executors of a Spark job load
the first library alone.
"""

from __future__ import annotations

import ctypes
from ctypes import (
    POINTER,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_size_t,
    c_uint,
    c_uint8,
    c_void_p,
)

ABI_VERSION = 1

WARNING = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)


class Error(ctypes.Structure):
    """nlt_error"""

    _fields_ = [("code", c_int), ("offset", c_int64), ("message", c_char * 1024), ("hint", c_char * 1024)]


class Bytes(ctypes.Structure):
    """nlt_bytes"""

    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


class Hooks(ctypes.Structure):
    """nlt_hooks"""

    _fields_ = [("warning", WARNING), ("ctx", c_void_p)]


class SessionOptions(ctypes.Structure):
    """nlt_session_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("threads", c_int),
        ("memory_bytes", c_int64),
        ("temp_dir", c_char_p),
        ("hooks", Hooks),
        ("asn_view", c_char_p),
        ("asn_names", c_char_p),
        ("temp_bytes_max", c_int64),
        ("dialect", c_int),
        ("persistent_dir", c_char_p),
    ]


class DatasetRequest(ctypes.Structure):
    """nlt_dataset_request"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("connector", c_char_p),
        ("input_path", c_char_p),
        ("start_day", c_char_p),
        ("end_day", c_char_p),
        ("max_bad_fraction", c_double),
        ("timezone", c_char_p),
        ("filter_rows", c_bool),
        ("strict_days", c_bool),
        ("strict_files", c_bool),
        ("columns", c_char_p),
        ("cache_dir", c_char_p),
        ("name", c_char_p),
        ("head", Bytes),
    ]


class Progress(ctypes.Structure):
    """nlt_progress"""

    _fields_ = [("bytes_total", c_int64), ("bytes_done", c_int64), ("files", c_int64), ("rows", c_int64)]


class ConnectorInfo(ctypes.Structure):
    """nlt_connector_info"""

    _fields_ = [(name, c_char_p) for name in ("class_name", "alias", "table", "layout", "summary", "note")]


class AlgorithmInfo(ctypes.Structure):
    """nlt_algorithm_info"""

    _fields_ = [
        *((name, c_char_p) for name in ("class_name", "alias", "table", "summary", "output")),
        ("n_parameters", c_int),
    ]


class ParameterInfo(ctypes.Structure):
    """nlt_parameter_info"""

    _fields_ = [
        *((name, c_char_p) for name in ("name", "alias", "type", "fallback", "unit", "help")),
        ("range", c_char * 160),
    ]


class Dtype(ctypes.Structure):
    """nlt_dtype"""

    _fields_ = [("type", c_int), ("item", c_int), ("scale", c_uint8)]


class ColumnDesc(ctypes.Structure):
    """nlt_column_desc"""

    _fields_ = [
        ("name", c_char_p),
        ("dtype", Dtype),
        ("is_required", c_bool),
        ("unit", c_char_p),
        ("help", c_char_p),
    ]


class TableDesc(ctypes.Structure):
    """nlt_table_desc"""

    _fields_ = [
        ("name", c_char_p),
        ("help", c_char_p),
        ("columns", POINTER(ColumnDesc)),
        ("n_columns", c_int),
        ("time_column", c_int),
    ]


class ProbeOptions(ctypes.Structure):
    """nlt_probe_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("sample_bytes", c_int64),
        ("start_day", c_char_p),
        ("end_day", c_char_p),
    ]


class ProbeChoice(ctypes.Structure):
    """nlt_probe_choice"""

    _fields_ = [
        ("class_name", c_char_p),
        ("alias", c_char_p),
        ("table", c_char_p),
        ("what", c_char * 256),
        ("n_files", c_int64),
        ("head", Bytes),
    ]


class ArrowSchema(ctypes.Structure):
    """struct ArrowSchema; only its place is of interest here."""

    _fields_ = [
        ("format", c_void_p),
        ("name", c_void_p),
        ("metadata", c_void_p),
        ("flags", c_int64),
        ("n_children", c_int64),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class ArrowArray(ctypes.Structure):
    """struct ArrowArray; only its place is of interest here."""

    _fields_ = [
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", c_void_p),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class ArrowArrayStream(ctypes.Structure):
    """struct ArrowArrayStream; only its place is of interest here."""

    _fields_ = [
        (name, c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")
    ]


class KernelInputs(ctypes.Structure):
    """nlt_kernel_inputs"""

    _fields_ = [
        ("rows", POINTER(ArrowArrayStream)),
        ("sides", POINTER(ArrowArrayStream)),
        ("n_sides", c_int),
        ("resources", POINTER(Bytes)),
        ("n_resources", c_int),
    ]


class OwnFunction(ctypes.Structure):
    """nlt_own_function"""

    _fields_ = [
        *((name, c_char_p) for name in ("name", "usage", "result")),
        ("n_args", c_int),
        ("n_optional", c_int),
    ]


class FolderOptions(ctypes.Structure):
    """nlt_folder_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("names", POINTER(c_char_p)),
        ("n_names", c_int),
        ("overwrites", c_bool),
        ("is_whole", c_bool),
        ("is_in_place", c_bool),
    ]


class Status(int):
    """Result of a function that fails with an nlt_error, its last argument."""


_TABLE = c_void_p
_SESSION = c_void_p
_TEXT_OUT = POINTER(c_void_p)  # owned by the caller: nlt_text_free
_ERROR = POINTER(Error)

# Name: (result, arguments); Status: checked, its error is appended by the caller in _library.
CORE = {
    "nlt_version": (c_char_p, ()),
    "nlt_abi_version": (c_int, ()),
    "nlt_status_name": (c_char_p, (c_int,)),
    "nlt_status_exception": (c_char_p, (c_int,)),
    "nlt_status_exit_code": (c_int, (c_int,)),
    "nlt_connector_count": (c_int, ()),
    "nlt_connector_get": (c_int, (c_int, POINTER(ConnectorInfo))),
    "nlt_algorithm_count": (c_int, ()),
    "nlt_algorithm_get": (c_int, (c_int, POINTER(AlgorithmInfo))),
    "nlt_algorithm_parameter": (c_int, (c_int, c_int, POINTER(ParameterInfo))),
    "nlt_algorithm_find": (Status, (c_char_p, POINTER(c_int), _ERROR)),
    "nlt_table_desc_count": (c_int, ()),
    "nlt_table_desc_at": (POINTER(TableDesc), (c_int,)),
    "nlt_table_desc_find": (POINTER(TableDesc), (c_char_p,)),
    "nlt_dtype_name": (c_char_p, (Dtype,)),
    "nlt_probe_choose": (
        Status,
        (c_char_p, POINTER(ProbeOptions), c_char_p, POINTER(ProbeChoice), _ERROR),
    ),
    "nlt_probe_choice_clear": (None, (POINTER(ProbeChoice),)),
    "nlt_path_to_hdfs": (Status, (c_char_p, c_char_p, c_size_t, _ERROR)),
    "nlt_file_write": (Status, (c_char_p, c_char_p, _ERROR)),
    "nlt_folder_open": (Status, (c_char_p, POINTER(FolderOptions), POINTER(c_void_p), _ERROR)),
    "nlt_folder_place": (c_char_p, (c_void_p,)),
    "nlt_folder_commit": (Status, (c_void_p, _ERROR)),
    "nlt_folder_discard": (None, (c_void_p, _ERROR)),
    "nlt_text_free": (None, (c_void_p,)),
    "nlt_job_open": (Status, (POINTER(c_void_p), _ERROR)),
    "nlt_job_close": (None, (c_void_p,)),
    "nlt_job_keep_rows": (None, (c_void_p,)),
    "nlt_job_dataset": (Status, (c_void_p, POINTER(DatasetRequest), c_int64, _ERROR)),
    "nlt_job_query": (Status, (c_void_p, c_char_p, _ERROR)),
    "nlt_query_check": (Status, (c_char_p, c_char_p, POINTER(ArrowSchema), _ERROR)),
    "nlt_job_algorithm": (Status, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "nlt_job_plan": (Status, (c_void_p, _TEXT_OUT, _ERROR)),
    "nlt_job_warnings": (Status, (c_void_p, _TEXT_OUT, _ERROR)),
    "nlt_job_take": (Status, (c_void_p, c_int, c_int64, c_char_p, _ERROR)),
    "nlt_job_take_pairs": (Status, (c_void_p, c_int, c_char_p, _ERROR)),
    "nlt_job_finish": (Status, (c_void_p, _ERROR)),
    "nlt_job_report": (Status, (c_void_p, _TEXT_OUT, _ERROR)),
    "nlt_job_totals": (Status, (c_void_p, _TEXT_OUT, _ERROR)),
    "nlt_results_open": (
        Status,
        (c_void_p, c_char_p, c_char_p, c_char_p, c_bool, POINTER(c_void_p), _ERROR),
    ),
    "nlt_results_add": (Status, (c_void_p, c_char_p, POINTER(ArrowArrayStream), POINTER(c_int64), _ERROR)),
    "nlt_results_commit": (Status, (c_void_p, _ERROR)),
    "nlt_results_discard": (None, (c_void_p,)),
    "nlt_job_resource": (
        Status,
        (c_void_p, c_char_p, c_int, c_char_p, _TEXT_OUT, POINTER(c_size_t), _ERROR),
    ),
    "nlt_rows_write": (Status, (POINTER(ArrowArrayStream), c_char_p, c_char_p, POINTER(c_int64), _ERROR)),
    "nlt_task_scan": (Status, (c_char_p, c_char_p, POINTER(c_void_p), _ERROR)),
    "nlt_task_kernel": (Status, (c_char_p, POINTER(KernelInputs), POINTER(c_void_p), _ERROR)),
    "nlt_task_pair": (Status, (c_char_p, c_char_p, POINTER(ArrowArrayStream), POINTER(c_void_p), _ERROR)),
    "nlt_task_stream": (Status, (c_void_p, POINTER(ArrowArrayStream), _ERROR)),
    "nlt_task_error": (_ERROR, (c_void_p,)),
    "nlt_task_report": (Status, (c_void_p, _TEXT_OUT, _ERROR)),
    "nlt_task_close": (None, (c_void_p,)),
    "nlt_own_function_count": (c_int, ()),
    "nlt_own_function_get": (c_int, (c_int, POINTER(OwnFunction))),
    "nlt_own_functions_open": (Status, (c_char_p, c_char_p, POINTER(c_void_p), _ERROR)),
    "nlt_own_functions_close": (None, (c_void_p,)),
    "nlt_own_function_call": (
        Status,
        (
            *(c_void_p, c_char_p, POINTER(ArrowSchema), POINTER(ArrowArray)),
            *(POINTER(ArrowSchema), POINTER(ArrowArray), _ERROR),
        ),
    ),
}

ENGINE = {
    "nlt_session_open": (Status, (POINTER(SessionOptions), POINTER(_SESSION), _ERROR)),
    "nlt_session_close": (None, (_SESSION,)),
    "nlt_session_cancel": (None, (_SESSION,)),
    "nlt_session_progress": (None, (_SESSION, POINTER(Progress))),
    "nlt_session_stream_count": (c_int, (_SESSION,)),
    "nlt_session_failure": (None, (_SESSION, POINTER(Error))),
    "nlt_session_report": (Status, (_SESSION, _TEXT_OUT, _ERROR)),
    "nlt_dataset": (Status, (_SESSION, POINTER(DatasetRequest), POINTER(_TABLE), _ERROR)),
    "nlt_transform": (Status, (_TABLE, c_char_p, POINTER(_TABLE), _ERROR)),
    "nlt_query": (Status, (_SESSION, POINTER(_TABLE), c_int, c_char_p, POINTER(_TABLE), _ERROR)),
    "nlt_run": (Status, (_TABLE, c_char_p, c_char_p, POINTER(_TABLE), _ERROR)),
    "nlt_table_free": (None, (_TABLE,)),
    "nlt_table_set_name": (Status, (_TABLE, c_char_p, _ERROR)),
    "nlt_table_column_count": (c_int, (_TABLE,)),
    "nlt_table_column": (POINTER(ColumnDesc), (_TABLE, c_int)),
    "nlt_table_explain": (Status, (_TABLE, c_uint, _TEXT_OUT, _ERROR)),
    "nlt_table_write": (Status, (_TABLE, c_char_p, c_char_p, POINTER(c_int64), _ERROR)),
    "nlt_table_write_folder": (
        Status,
        (_TABLE, c_char_p, c_char_p, c_bool, POINTER(c_int64), _ERROR),
    ),
    "nlt_job_write": (Status, (_TABLE, c_char_p, c_char_p, c_bool, POINTER(c_int64), _ERROR)),
    "nlt_arrow_table": (
        Status,
        (_SESSION, c_char_p, POINTER(ArrowArrayStream), POINTER(_TABLE), _ERROR),
    ),
    "nlt_table_arrow_schema": (Status, (_TABLE, POINTER(ArrowSchema), _ERROR)),
    "nlt_table_arrow_stream": (Status, (_TABLE, POINTER(ArrowArrayStream), _ERROR)),
}
