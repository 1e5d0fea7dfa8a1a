/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's casts between texts, numbers and times.
 *
 * Sources: the documentation of Spark SQL's CAST and of java.lang.Double (valueOf, toString),
 * java.time.ZoneId (of, SHORT_IDS); results of Spark 4 decide where these say nothing. */

#include "sql/spark_cast.h"

#include <math.h>
#include <string.h>

#include "core/num.h"
#include "core/time.h"

static const int64_t day_us = INT64_C(86400000000);

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static nlt_bytes trim(nlt_bytes text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool equal(nlt_bytes text, const char *word, bool any_case)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < len && text.len == len; i++) {
        if ((any_case ? lower(text.ptr[i]) : text.ptr[i]) != word[i]) {
            return false;
        }
    }
    return text.len == len;
}

/* ---- numbers ---- */

bool nlt__spark_i64(nlt_bytes text, int64_t *out)
{
    text = trim(text);
    size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    bool is_negative = i == 1 && text.ptr[0] == '-';
    if (i == text.len) {
        return false;
    }
    int64_t value = 0; /* counts down: the least number has no positive one */
    for (; i < text.len && text.ptr[i] != '.'; i++) {
        if (!is_digit(text.ptr[i]) || __builtin_mul_overflow(value, 10, &value)
            || __builtin_sub_overflow(value, text.ptr[i] - '0', &value)) {
            return false;
        }
    }
    for (i++; i < text.len; i++) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
    }
    if (!is_negative && value == INT64_MIN) {
        return false;
    }
    *out = is_negative ? value : -value;
    return true;
}

static bool special_double(nlt_bytes text, double *out)
{
    static const char *const infinite[] = {
        "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"};
    for (size_t i = 0; i < sizeof infinite / sizeof infinite[0]; i++) {
        if (equal(text, infinite[i], true)) {
            *out = infinite[i][0] == '-' ? -(double)INFINITY : (double)INFINITY;
            return true;
        }
    }
    *out = (double)NAN;
    return equal(text, "nan", true) || equal(text, "+NaN", false) || equal(text, "-NaN", false);
}

bool nlt__spark_double(nlt_bytes text, double *out)
{
    text = trim(text);
    nlt_bytes number = text;
    if (number.len > 1 && strchr("dDfF", number.ptr[number.len - 1]) != NULL) {
        number.len--;
    }
    bool has_plus = number.len > 1 && number.ptr[0] == '+' && number.ptr[1] != '-';
    number.ptr += has_plus;
    number.len -= has_plus;
    *out = 0;
    return nlt__parse_double(number, out) || isinf(*out) || special_double(text, out);
}

bool nlt__spark_bool(nlt_bytes text, bool *out)
{
    static const char *const words[] = {"f", "t", "false", "true", "n", "y", "no", "yes", "0", "1"};
    text = trim(text);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (equal(text, words[i], true)) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

int64_t nlt__spark_i64_from_double(double value)
{
    const double limit = 9223372036854775808.0;
    return isnan(value)  ? 0
        : value >= limit ? INT64_MAX
        : value < -limit ? INT64_MIN
                         : (int64_t)value;
}

/* ---- zones ---- */

/* "h", "hh", "hh:mm", "hhmm", "hh:mm:ss", "hhmmss"; "h:m" counts as "0h:0m". */
static bool read_offset(nlt_bytes text, int64_t *seconds)
{
    enum { DAY_MOST = 18 * 3600 };
    int parts[3] = {0, 0, 0};
    int n = 0;
    size_t i = 1;
    bool has_colon = memchr(text.ptr, ':', text.len) != NULL;
    for (; i < text.len && n < 3; n++) {
        if (n > 0 && has_colon && text.ptr[i++] != ':') {
            return false;
        }
        size_t begin = i;
        while (i < text.len && i - begin < 2 && is_digit(text.ptr[i])) {
            parts[n] = parts[n] * 10 + (text.ptr[i++] - '0');
        }
        bool may_be_one = n == 0 || (n == 1 && has_colon && i == text.len);
        if (i - begin != 2 && (i - begin != 1 || !may_be_one)) {
            return false;
        }
        if (i - begin == 1 && n == 0 && i < text.len && !has_colon) {
            return false;
        }
    }
    *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    bool is_good = n > 0 && i == text.len && parts[1] < 60 && parts[2] < 60 && *seconds <= DAY_MOST;
    *seconds = text.ptr[0] == '-' ? -*seconds : *seconds;
    return is_good;
}

/* Java's names of three letters (ZoneId.SHORT_IDS). */
static const char *long_name(nlt_bytes name)
{
    static const struct {
        const char *name, *zone;
    } names[] = {{"ACT", "Australia/Darwin"}, {"AET", "Australia/Sydney"},
        {"AGT", "America/Argentina/Buenos_Aires"}, {"ART", "Africa/Cairo"},
        {"AST", "America/Anchorage"}, {"BET", "America/Sao_Paulo"}, {"BST", "Asia/Dhaka"},
        {"CAT", "Africa/Harare"}, {"CNT", "America/St_Johns"}, {"CST", "America/Chicago"},
        {"CTT", "Asia/Shanghai"}, {"EAT", "Africa/Addis_Ababa"}, {"ECT", "Europe/Paris"},
        {"EST", "-05:00"}, {"HST", "-10:00"}, {"IET", "America/Indiana/Indianapolis"},
        {"IST", "Asia/Kolkata"}, {"JST", "Asia/Tokyo"}, {"MIT", "Pacific/Apia"}, {"MST", "-07:00"},
        {"NET", "Asia/Yerevan"}, {"NST", "Pacific/Auckland"}, {"PLT", "Asia/Karachi"},
        {"PNT", "America/Phoenix"}, {"PRT", "America/Puerto_Rico"}, {"PST", "America/Los_Angeles"},
        {"SST", "Pacific/Guadalcanal"}, {"VST", "Asia/Ho_Chi_Minh"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (equal(name, names[i].name, false)) {
            return names[i].zone;
        }
    }
    return NULL;
}

/* Behind "UTC", "GMT" or "UT" there may be an offset. */
static nlt_bytes skip_zero_name(nlt_bytes name)
{
    static const char *const zeros[] = {"UTC", "GMT", "UT"};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
        size_t len = strlen(zeros[i]);
        if (name.len >= len && memcmp(name.ptr, zeros[i], len) == 0
            && (name.len == len || name.ptr[len] == '+' || name.ptr[len] == '-')) {
            return (nlt_bytes){name.ptr + len, name.len - len};
        }
    }
    return name;
}

static bool open_region(const char *name, nlt_spark_zone *out)
{
    /* paths of the database's files that Java does not take for names */
    bool is_path = strstr(name, "//") != NULL || strncmp(name, "posix", 5) == 0
        || strncmp(name, "right/", 6) == 0;
    return !is_path && name[0] != '\0' && nlt__zone_open(name, &out->zone, NULL) == NLT_OK;
}

bool nlt__spark_zone_open(nlt_bytes name, nlt_spark_zone *out)
{
    enum { NAME_MAX_BYTES = 64 };
    *out = (nlt_spark_zone){NULL, 0};
    name = trim(name);
    nlt_bytes offset = skip_zero_name(name);
    if (equal(name, "Z", false) || (offset.len == 0 && name.len > 0)) {
        return true;
    }
    if (offset.len > 0 && (offset.ptr[0] == '+' || offset.ptr[0] == '-')) {
        return read_offset(offset, &out->offset);
    }
    char text[NAME_MAX_BYTES];
    const char *full = long_name(name);
    if (full == NULL && name.len < sizeof text) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        full = text;
    }
    return full != NULL && open_region(full, out);
}

void nlt__spark_zone_close(nlt_spark_zone *zone)
{
    nlt__zone_close(zone->zone);
    *zone = (nlt_spark_zone){NULL, 0};
}

int64_t nlt__spark_zone_to_utc(const nlt_spark_zone *zone, int64_t local)
{
    return zone->zone == NULL ? local - zone->offset
                              : nlt__zone_to_utc(zone->zone, local, INT64_MIN);
}

int64_t nlt__spark_zone_to_local(const nlt_spark_zone *zone, int64_t utc)
{
    return utc + (zone->zone == NULL ? zone->offset : nlt__zone_offset(zone->zone, utc));
}

/* ---- times ---- */

enum { P_YEAR = 0, P_MONTH, P_DAY, P_HOUR, P_MINUTE, P_SECOND, P_FRACTION, P_ZONE, PART_COUNT };

/* A timestamp's text, part by part. */
typedef struct parts {
    int64_t values[PART_COUNT];
    int at;        /* the part that is being read */
    int64_t value; /* of its digits so far, those of a fraction only while they fit */
    int n_digits;  /* of it */
    bool is_time_only, is_negative, has_sign;
    nlt_bytes zone; /* ptr NULL: there is none */
} parts;

/* The digits of the part are complete: keeps them and goes on. */
static bool end_part(parts *p)
{
    bool is_good = p->at == P_FRACTION ? true
        : p->at == P_YEAR              ? p->n_digits >= 4 && p->n_digits <= 6
        : p->at == P_ZONE              ? p->n_digits <= 2
                                       : p->n_digits > 0 && p->n_digits <= 2;
    if (p->at < PART_COUNT) {
        p->values[p->at] = p->value;
    }
    p->value = 0;
    p->n_digits = 0;
    return is_good;
}

/* What is no digit. */
static bool take_mark(parts *p, nlt_bytes text, size_t *i)
{
    char c = text.ptr[*i];
    if (*i == 0 && c == 'T') {
        p->is_time_only = true;
        p->at = P_HOUR;
        return true;
    }
    if (p->at == P_YEAR && c == ':' && !p->has_sign) {
        p->is_time_only = true;
        p->at = P_HOUR;
        if (!end_part(p)) {
            return false;
        }
        p->at = P_MINUTE;
        return true;
    }
    bool is_next = (p->at < P_DAY && c == '-') || (p->at == P_DAY && (c == ' ' || c == 'T'))
        || ((p->at == P_HOUR || p->at == P_MINUTE) && c == ':') || (p->at == P_SECOND && c == '.');
    if (is_next) {
        bool is_good = end_part(p);
        p->at++;
        return is_good;
    }
    if (p->at != P_SECOND && p->at != P_FRACTION) {
        return false;
    }
    bool is_good = end_part(p);
    p->zone = (nlt_bytes){text.ptr + *i, text.len - *i};
    p->at = P_ZONE;
    *i = text.len - 1;
    return is_good;
}

static bool read_parts(nlt_bytes text, parts *p)
{
    enum { FRACTION_DIGITS = 6 };
    size_t i = 0;
    int n_fraction = 0;
    *p = (parts){.values = {1, 1, 1, 0, 0, 0, 0, 0}};
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        p->has_sign = true;
        p->is_negative = text.ptr[0] == '-';
        i++;
    }
    for (; i < text.len; i++) {
        if (!is_digit(text.ptr[i])) {
            if (!take_mark(p, text, &i)) {
                return false;
            }
            continue;
        }
        n_fraction += p->at == P_FRACTION;
        p->n_digits++;
        if (p->n_digits <= FRACTION_DIGITS) {
            p->value = p->value * 10 + (text.ptr[i] - '0');
        }
    }
    if (!end_part(p)) {
        return false;
    }
    for (; n_fraction < FRACTION_DIGITS; n_fraction++) {
        p->values[P_FRACTION] *= 10;
    }
    return true;
}

bool nlt__spark_is_civil(int64_t year, int64_t month, int64_t day)
{
    nlt_civil civil = {(int)year, (int)month, (int)day};
    if (month < 1 || month > 12 || day < 1 || day > 31) {
        return false;
    }
    nlt_civil back = nlt__civil_from_days(nlt__days_from_civil(civil));
    return back.month == civil.month && back.day == civil.day;
}

bool nlt__spark_timestamp(nlt_bytes text, int64_t today, int64_t *us)
{
    parts p;
    /* only a text without blanks in front of it may begin with T */
    bool has_blank = text.len > 0 && is_blank(text.ptr[0]);
    text = trim(text);
    if (text.len == 0 || (has_blank && text.ptr[0] == 'T') || !read_parts(text, &p)) {
        return false;
    }
    const int64_t *v = p.values;
    int64_t year = p.is_negative ? -v[P_YEAR] : v[P_YEAR];
    if (v[P_HOUR] > 23 || v[P_MINUTE] > 59 || v[P_SECOND] > 59
        || (!p.is_time_only && !nlt__spark_is_civil(year, v[P_MONTH], v[P_DAY]))) {
        return false;
    }
    int64_t days = p.is_time_only
        ? today
        : nlt__days_from_civil((nlt_civil){(int)year, (int)v[P_MONTH], (int)v[P_DAY]});
    int64_t seconds = days * 86400 + v[P_HOUR] * 3600 + v[P_MINUTE] * 60 + v[P_SECOND];
    if (p.zone.ptr != NULL) {
        nlt_spark_zone zone;
        if (!nlt__spark_zone_open(p.zone, &zone)) {
            return false;
        }
        seconds = nlt__spark_zone_to_utc(&zone, seconds);
        nlt__spark_zone_close(&zone);
    }
    return !__builtin_mul_overflow(seconds, 1000000, us)
        && !__builtin_add_overflow(*us, v[P_FRACTION], us);
}

bool nlt__spark_date(nlt_bytes text, int32_t *days)
{
    int64_t values[3] = {1, 1, 1};
    int part = 0;
    int n_digits = 0;
    int64_t value = 0;
    text = trim(text);
    size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    for (; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : '\0';
        if (is_digit(c) && n_digits < 8) {
            value = value * 10 + (c - '0');
            n_digits++;
            continue;
        }
        bool is_end = i == text.len || (part == 2 && (c == ' ' || c == 'T'));
        bool is_long_enough =
            part == 0 ? n_digits >= 4 && n_digits <= 7 : n_digits > 0 && n_digits <= 2;
        if (!is_long_enough || (!is_end && (c != '-' || part == 2))) {
            return false;
        }
        values[part++] = value;
        value = 0;
        n_digits = 0;
        if (is_end) {
            break;
        }
    }
    int64_t year = text.len > 0 && text.ptr[0] == '-' ? -values[0] : values[0];
    if (part == 0 || !nlt__spark_is_civil(year, values[1], values[2])) {
        return false;
    }
    int64_t count = nlt__days_from_civil((nlt_civil){(int)year, (int)values[1], (int)values[2]});
    *days = (int32_t)count;
    return *days == count;
}

/* ---- texts ---- */

/* Digits of a shortest text and the position of the point behind the first one. */
static size_t digits_of(const char *text, size_t len, char digits[NLT_NUM_TEXT_MAX], int *exponent)
{
    size_t n = 0;
    int point = -1; /* digits before it */
    int64_t power = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == 'e') {
            bool has_plus = text[i + 1] == '+';
            nlt_bytes number = {text + i + 1 + has_plus, len - i - 1 - has_plus};
            bool is_number = nlt__parse_i64(number, &power);
            power = is_number ? power : 0;
            break;
        }
        if (text[i] == '.') {
            point = (int)n;
        } else if (is_digit(text[i])) {
            digits[n++] = text[i];
        }
    }
    point = point < 0 ? (int)n : point;
    size_t zeros = 0;
    while (zeros + 1 < n && digits[zeros] == '0') {
        zeros++;
    }
    memmove(digits, digits + zeros, n - zeros);
    n -= zeros;
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    *exponent = point - (int)zeros - 1 + (int)power;
    return n;
}

static size_t put(char *out, size_t at, const char *text, size_t len)
{
    memcpy(out + at, text, len);
    return at + len;
}

/* A finite number that is not 0, as Java shows it. */
static size_t put_number(bool is_negative, const char *text, size_t text_len, char *out)
{
    char digits[NLT_NUM_TEXT_MAX];
    int exponent = 0;
    size_t len = 0;
    size_t n = digits_of(text, text_len, digits, &exponent);
    if (is_negative) {
        out[len++] = '-';
    }
    if (exponent < -3 || exponent >= 7) {
        out[len++] = digits[0];
        out[len++] = '.';
        len = n > 1 ? put(out, len, digits + 1, n - 1) : put(out, len, "0", 1);
        out[len++] = 'E';
        return len + nlt__format_i64(exponent, out + len);
    }
    if (exponent < 0) {
        len = put(out, len, "0.000", (size_t)(1 - exponent));
        return put(out, len, digits, n);
    }
    for (int i = 0; i <= exponent; i++) {
        out[len++] = (size_t)i < n ? digits[i] : '0';
    }
    out[len++] = '.';
    size_t whole = (size_t)exponent + 1;
    return n > whole ? put(out, len, digits + whole, n - whole) : put(out, len, "0", 1);
}

size_t nlt__spark_double_text(double value, char out[NLT_SPARK_TEXT_MAX])
{
    char text[NLT_NUM_TEXT_MAX];
    if (!isfinite(value) || value == 0) {
        return nlt__format_double(value, out);
    }
    return put_number(value < 0, text, nlt__format_double(value, text), out);
}

size_t nlt__spark_float_text(float value, char out[NLT_SPARK_TEXT_MAX])
{
    char text[NLT_NUM_TEXT_MAX];
    if (!isfinite(value) || value == 0) {
        return nlt__format_float(value, out);
    }
    return put_number(value < 0, text, nlt__format_float(value, text), out);
}

static size_t put_padded(char *out, size_t at, int64_t value, size_t width)
{
    char digits[NLT_NUM_TEXT_MAX];
    size_t n = nlt__format_i64(value, digits);
    for (; n < width; width--) {
        out[at++] = '0';
    }
    return put(out, at, digits, n);
}

size_t nlt__spark_date_text(int64_t days, char out[NLT_SPARK_TEXT_MAX])
{
    nlt_civil civil = nlt__civil_from_days(days);
    size_t len = 0;
    if (civil.year < 0 || civil.year > 9999) {
        out[len++] = civil.year < 0 ? '-' : '+';
    }
    len = put_padded(out, len, civil.year < 0 ? -(int64_t)civil.year : civil.year, 4);
    out[len++] = '-';
    len = put_padded(out, len, civil.month, 2);
    out[len++] = '-';
    return put_padded(out, len, civil.day, 2);
}

size_t nlt__spark_timestamp_text(int64_t us, char out[NLT_SPARK_TEXT_MAX])
{
    int64_t days = us / day_us - (us % day_us < 0);
    int64_t rest = (us % day_us + day_us) % day_us;
    size_t len = nlt__spark_date_text(days, out);
    out[len++] = ' ';
    len = put_padded(out, len, rest / INT64_C(3600000000), 2);
    out[len++] = ':';
    len = put_padded(out, len, rest / 60000000 % 60, 2);
    out[len++] = ':';
    len = put_padded(out, len, rest / 1000000 % 60, 2);
    int64_t fraction = rest % 1000000;
    if (fraction > 0) {
        out[len++] = '.';
        len = put_padded(out, len, fraction, 6);
        while (out[len - 1] == '0') {
            len--;
        }
    }
    return len;
}
