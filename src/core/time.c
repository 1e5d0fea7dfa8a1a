/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Civil days by Hinnant's algorithms ("chrono-Compatible Low-Level Date Algorithms"), which count
 * years from March so that the leap day is the last. */

#define _GNU_SOURCE

#include "core/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400, DAYS_TO_1970 = 719468, DAY_SECONDS = 86400 };

int64_t nlt__days_from_civil(nlt_civil civil)
{
    int64_t year = civil.year - (civil.month <= 2);
    int64_t era = (year >= 0 ? year : year - (YEARS_PER_ERA - 1)) / YEARS_PER_ERA;
    int64_t year_of_era = year - era * YEARS_PER_ERA;
    int64_t month = civil.month > 2 ? civil.month - 3 : civil.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

nlt_civil nlt__civil_from_days(int64_t days)
{
    int64_t z = days + DAYS_TO_1970;
    int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t doe = z - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (nlt_civil){
        .year = (int)(yoe + era * YEARS_PER_ERA + (month <= 2)),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
    };
}

bool nlt__civil_is_valid(nlt_civil civil)
{
    if (civil.year < 0 || civil.year > 9999 || civil.month < 1 || civil.month > 12 || civil.day < 1
        || civil.day > 31) {
        return false;
    }
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = civil.year % 4 == 0 && (civil.year % 100 != 0 || civil.year % 400 == 0);
    return civil.day <= days[civil.month - 1] + (civil.month == 2 && is_leap);
}

/* `n` digits as a number; -1: another character. */
static int digits(const char *p, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

bool nlt__parse_day(nlt_bytes text, int64_t *days)
{
    if (text.len != 10 || text.ptr[4] != '_' || text.ptr[7] != '_') {
        return false;
    }
    nlt_civil civil = {digits(text.ptr, 4), digits(text.ptr + 5, 2), digits(text.ptr + 8, 2)};
    if (!nlt__civil_is_valid(civil)) {
        return false;
    }
    *days = nlt__days_from_civil(civil);
    return true;
}

int nlt__month_from_name(nlt_bytes name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (name.len == 3) {
        for (int i = 0; i < 12; i++) {
            if (memcmp(names + i * 3, name.ptr, 3) == 0) {
                return i + 1;
            }
        }
    }
    return 0;
}

/* `n` digits with leading zeros. */
static char *put_digits(char *out, int64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + n;
}

/* Not terminated; returns the end. Years have at least four digits, before year 0 a sign too. */
static char *put_date(char *out, int64_t days)
{
    nlt_civil civil = nlt__civil_from_days(days);
    if (civil.year >= 0 && civil.year <= 9999) {
        out = put_digits(out, civil.year, 4);
    } else {
        out += snprintf(out, 16, "%.4d", civil.year);
    }
    *out++ = '-';
    out = put_digits(out, civil.month, 2);
    *out++ = '-';
    return put_digits(out, civil.day, 2);
}

void nlt__format_date(int64_t days, char out[32])
{
    *put_date(out, days) = '\0';
}

void nlt__format_timestamp_us(int64_t us, char out[40])
{
    const int64_t second_us = 1000000;
    int64_t fraction = (us % second_us + second_us) % second_us;
    int64_t seconds = us / second_us - (us % second_us < 0);
    int64_t second = (seconds % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;
    char *end = put_date(out, (seconds - second) / DAY_SECONDS);
    *end++ = ' ';
    end = put_digits(end, second / 3600, 2);
    *end++ = ':';
    end = put_digits(end, second / 60 % 60, 2);
    *end++ = ':';
    end = put_digits(end, second % 60, 2);
    if (fraction > 0) {
        *end++ = '.';
        end = put_digits(end, fraction, 6);
        while (end[-1] == '0') {
            end--;
        }
    }
    *end = '\0';
}

double nlt__now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
