/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file may be that no connector reads: told by its first bytes, or by what all of its first
 * lines have in common. The first row that fits counts. */

#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "connectors/probe.h"

enum { BINARY_BYTES = 4096, JSON_LINES = 20, CSV_LINES = 100, CSV_PERCENT = 90 };

/* ---- by first bytes ---- */

static const struct {
    size_t at;
    const char *bytes;
    size_t len;
    const char *what, *hint;
} magics[] = {
    {0, "PAR1", 4, "Parquet", "as a table with named columns: -c parquet"},
    {0, "ARROW1", 6, "Arrow IPC file", ""},
    {0, "\x04\x22\x4d\x18", 4, "lz4", "unpack it first: lz4 -d"},
    {0, "\x1f\x9d", 2, "compress (.Z)", "unpack it first: gzip -d"},
    {0, "PK\x03\x04", 4, "zip archive", "unpack it first: unzip"},
    {257, "ustar", 5, "tar archive", "unpack it first: tar -xf"},
    {0, "7z\xbc\xaf\x27\x1c", 6, "7z archive", "unpack it first: 7z x"},
    {0, "SQLite format 3", 15, "SQLite database", ""},
    {0,
        "\x7f"
        "ELF",
        4, "ELF program", ""},
    {0, "\xff\xfe", 2, "UTF-16 text", "convert it first: iconv -f UTF-16 -t UTF-8"},
    {0, "\xfe\xff", 2, "UTF-16 text", "convert it first: iconv -f UTF-16 -t UTF-8"},
    {0, "<?xml", 5, "XML", ""},
};

static bool has_magic(nlt_bytes head, size_t i)
{
    return head.len >= magics[i].at + magics[i].len
        && memcmp(head.ptr + magics[i].at, magics[i].bytes, magics[i].len) == 0;
}

static bool is_binary(const nlt_sample *sample)
{
    size_t n = sample->head.len < BINARY_BYTES ? sample->head.len : BINARY_BYTES;
    return n > 0 && memchr(sample->head.ptr, '\0', n) != NULL;
}

/* ---- by lines ---- */

static nlt_bytes first_line(const nlt_sample *sample)
{
    size_t at = 0;
    nlt_bytes line = {sample->head.ptr, 0};
    while (nlt__sample_line(sample, &at, &line) && line.len == 0) {
    }
    return line;
}

static bool starts_with(nlt_bytes text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.ptr, start, len) == 0;
}

static bool is_zeek(const nlt_sample *sample)
{
    nlt_bytes line = first_line(sample);
    return starts_with(line, "#separator ") || starts_with(line, "#separator\t")
        || starts_with(line, "#fields\t");
}

/* "#c_ip:1 ...": names with their positions. */
static bool is_tstat(const nlt_sample *sample)
{
    nlt_bytes line = first_line(sample);
    return starts_with(line, "#") && memmem(line.ptr, line.len, "c_ip:1", 6) != NULL;
}

/* Are the first lines JSON values that begin so? */
static bool is_json(const nlt_sample *sample)
{
    size_t at = 0;
    int n = 0;
    nlt_bytes line;
    while (n < JSON_LINES && nlt__sample_line(sample, &at, &line)) {
        if (line.len == 0) {
            continue;
        }
        json_t *value = json_loadb(line.ptr, line.len, 0, NULL);
        bool is_object = json_is_object(value);
        json_decref(value);
        if (!is_object) {
            return false;
        }
        n++;
    }
    return n > 0;
}

static bool is_json_array(const nlt_sample *sample)
{
    return starts_with(first_line(sample), "[") || starts_with(first_line(sample), "{");
}

/* Separators of a line that are not between quotes. */
static int count_separators(nlt_bytes line, char separator)
{
    int n = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        is_quoted ^= line.ptr[i] == '"';
        n += !is_quoted && line.ptr[i] == separator;
    }
    return n;
}

/* Nearly all lines have as many separators as the first. */
static bool is_separated(const nlt_sample *sample, char separator)
{
    int wanted = count_separators(first_line(sample), separator);
    int n_lines = 0;
    int n_same = 0;
    size_t at = 0;
    nlt_bytes line;
    while (wanted > 0 && n_lines < CSV_LINES && nlt__sample_line(sample, &at, &line)) {
        if (line.len > 0) {
            n_lines++;
            n_same += count_separators(line, separator) == wanted;
        }
    }
    return n_lines > 0 && n_same * 100 >= n_lines * CSV_PERCENT;
}

#define CSV_HINT "as a table with named columns: -c csv"

static bool is_comma_separated(const nlt_sample *sample)
{
    return is_separated(sample, ',');
}

static bool is_tab_separated(const nlt_sample *sample)
{
    return is_separated(sample, '\t');
}

static bool is_semicolon_separated(const nlt_sample *sample)
{
    return is_separated(sample, ';');
}

static bool is_pipe_separated(const nlt_sample *sample)
{
    return is_separated(sample, '|');
}

static bool is_one_line(const nlt_sample *sample)
{
    return !sample->is_whole && memchr(sample->head.ptr, '\n', sample->head.len) == NULL;
}

static bool is_any(const nlt_sample *sample)
{
    (void)sample;
    return true;
}

static const struct {
    bool (*is_it)(const nlt_sample *sample);
    const char *what, *hint;
} kinds[] = {
    {is_zeek, "Zeek TSV of another log", "dns.log, http.log and conn.log are read"},
    {is_tstat, "Tstat log with other columns",
        "log_tcp_complete, log_http_complete and log_dns_complete are read"},
    {is_binary, "binary data", ""},
    {is_json, "NDJSON", "as a table with named columns: -c ndjson"},
    {is_json_array, "JSON", "with one object per line it can be read: jq -c '.[]', then -c ndjson"},
    {is_comma_separated, "CSV, separated by commas", CSV_HINT},
    {is_tab_separated, "CSV, separated by TABs", CSV_HINT},
    {is_semicolon_separated, "CSV, separated by semicolons", CSV_HINT},
    {is_pipe_separated, "CSV, separated by |", CSV_HINT},
    {is_one_line, "a line that is longer than the sample", ""},
    {is_any, "text of an unknown form", ""},
};

nlt_other_format nlt__other_format(const nlt_sample *sample)
{
    if (sample->head.len == 0) {
        return (nlt_other_format){"empty", ""};
    }
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (has_magic(sample->head, i)) {
            return (nlt_other_format){magics[i].what, magics[i].hint};
        }
    }
    size_t i = 0;
    while (!kinds[i].is_it(sample)) {
        i++; /* the last row fits all */
    }
    return (nlt_other_format){kinds[i].what, kinds[i].hint};
}
