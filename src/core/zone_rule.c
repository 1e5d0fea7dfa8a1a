/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/zone_rule.h"

#include "core/time.h"

enum { DAY_SECONDS = 86400, DEFAULT_TIME = 7200 };

/* ---- reading ---- */

static bool take(nlt_bytes *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) {
        return false;
    }
    text->ptr++;
    text->len--;
    return true;
}

static bool take_number(nlt_bytes *text, int least, int most, int *out)
{
    int value = 0;
    size_t n = 0;
    while (n < text->len && n < 4 && text->ptr[n] >= '0' && text->ptr[n] <= '9') {
        value = value * 10 + (text->ptr[n++] - '0');
    }
    text->ptr += n;
    text->len -= n;
    *out = value;
    return n > 0 && value >= least && value <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(nlt_bytes *text, int hours_max, int32_t *seconds)
{
    int parts[3] = {0};
    bool is_negative = take(text, '-');
    if (!is_negative) {
        (void)take(text, '+');
    }
    for (int i = 0; i < 3; i++) {
        if (!take_number(text, 0, i == 0 ? hours_max : 59, &parts[i])) {
            return false;
        }
        if (i == 2 || !take(text, ':')) {
            break;
        }
    }
    *seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    *seconds = is_negative ? -*seconds : *seconds;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET" or "<+03>" */
static bool take_name(nlt_bytes *text)
{
    bool is_quoted = take(text, '<');
    size_t n = 0;
    while (n < text->len && (is_quoted ? text->ptr[n] != '>' : is_letter(text->ptr[n]))) {
        n++;
    }
    text->ptr += n;
    text->len -= n;
    return n >= 3 && (!is_quoted || take(text, '>'));
}

/* West is positive there, east here. */
static bool take_offset(nlt_bytes *text, int32_t *east)
{
    bool is_good = take_time(text, 24, east);
    *east = -*east;
    return is_good;
}

static bool take_day(nlt_bytes *text, nlt_zone_date *date)
{
    if (take(text, 'M')) {
        date->kind = 'M';
        return take_number(text, 1, 12, &date->month) && take(text, '.')
            && take_number(text, 1, 5, &date->week) && take(text, '.')
            && take_number(text, 0, 6, &date->day);
    }
    date->kind = take(text, 'J') ? 'J' : 'N';
    return take_number(text, date->kind == 'J' ? 1 : 0, 365, &date->day);
}

static bool take_date(nlt_bytes *text, nlt_zone_date *date)
{
    date->time = DEFAULT_TIME;
    return take(text, ',') && take_day(text, date)
        && (!take(text, '/') || take_time(text, 167, &date->time));
}

bool nlt__zone_rule_parse(nlt_bytes text, nlt_zone_rule *out)
{
    *out = (nlt_zone_rule){.has_summer = false};
    if (!take_name(&text) || !take_offset(&text, &out->standard)) {
        return false;
    }
    if (text.len == 0) {
        return true;
    }
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!take_name(&text)) {
        return false;
    }
    if (text.len > 0 && text.ptr[0] != ',' && !take_offset(&text, &out->summer)) {
        return false;
    }
    return take_date(&text, &out->begin) && take_date(&text, &out->end) && text.len == 0;
}

/* ---- dates ---- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01, a Thursday. */
static int64_t day_in(const nlt_zone_date *date, int year)
{
    int64_t new_year = nlt__days_from_civil((nlt_civil){year, 1, 1});
    if (date->kind == 'N') {
        return new_year + date->day;
    }
    if (date->kind == 'J') {
        return new_year + date->day - 1 + (date->day >= 60 && is_leap(year));
    }
    int64_t first = nlt__days_from_civil((nlt_civil){year, date->month, 1});
    int64_t next = date->month == 12 ? nlt__days_from_civil((nlt_civil){year + 1, 1, 1})
                                     : nlt__days_from_civil((nlt_civil){year, date->month + 1, 1});
    int64_t weekday = ((first + 4) % 7 + 7) % 7;
    int64_t day = first + (date->day - weekday + 7) % 7 + (int64_t)(date->week - 1) * 7;
    return day < next ? day : day - 7;
}

int64_t nlt__zone_rule_begin(const nlt_zone_rule *rule, int year)
{
    return day_in(&rule->begin, year) * DAY_SECONDS + rule->begin.time - rule->standard;
}

int64_t nlt__zone_rule_end(const nlt_zone_rule *rule, int year)
{
    return day_in(&rule->end, year) * DAY_SECONDS + rule->end.time - rule->summer;
}
