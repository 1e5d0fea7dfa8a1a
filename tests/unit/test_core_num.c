/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers to and from text. Doubles are expected as hexadecimal literals, and shortest texts come
 * from the literature on printing doubles; random ones are held to the definition instead. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <float.h>
#include <math.h>

#include <cmocka.h>

#include "connectors/fields.h"
#include "core/num.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static nlt_bytes bytes_of(const char *text)
{
    return (nlt_bytes){text, strlen(text)};
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void signed_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"00000000000000000000012", 12},
        {"12345678", 12345678}, {"123456789", 123456789}, {"1234567890123456", 1234567890123456},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN},
        {"-9223372036854775807", -INT64_MAX}, {"1000000000000000000", 1000000000000000000}};
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "--1", "1-", "0x10", "1.0", "1e3",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616",
        "99999999999999999999", "100000000000000000000000", "1234567:", "1234567/", "12345678901a",
        "\xc3\xa9", "1234567\xb0"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t value = -1;
        assert_true(nlt__parse_i64(bytes_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t value = -1;
        assert_false(nlt__parse_i64(bytes_of(bad[i]), &value));
    }
    assert_false(nlt__parse_i64((nlt_bytes){"1\0002", 3}, &(int64_t){0}));
    assert_false(nlt__parse_i64((nlt_bytes){NULL, 0}, &(int64_t){0}));
}

static void unsigned_integers(void **state)
{
    (void)state;
    uint64_t value = 1;
    assert_true(nlt__parse_u64(bytes_of("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(nlt__parse_u64(bytes_of("000018446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_false(nlt__parse_u64(bytes_of("18446744073709551616"), &value));
    assert_false(nlt__parse_u64(bytes_of("28446744073709551615"), &value));
    assert_false(nlt__parse_u64(bytes_of("-1"), &value));
    assert_false(nlt__parse_u64(bytes_of("-0"), &value));
    assert_false(nlt__parse_u64(bytes_of(""), &value));
    assert_false(nlt__parse_u64((nlt_bytes){NULL, 0}, &value));
}

/* Every byte that is no digit, at every place: eight digits may be read at a time. */
static void only_digits_are_digits(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 19; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                char text[20];
                memset(text, '1', len);
                text[at] = (char)c;
                int64_t value = 0;
                bool is_digit = c >= '0' && c <= '9';
                bool is_sign = c == '-' && at == 0 && len > 1;
                assert_true(
                    nlt__parse_i64((nlt_bytes){text, len}, &value) == (is_digit || is_sign));
            }
        }
    }
}

static void fixed_point(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        int64_t value;
    } good[] = {{"0", 6, 0}, {"1", 6, 1000000}, {"1.5", 6, 1500000}, {"-1.5", 6, -1500000},
        {"1.2345678", 6, 1234567}, {"-1.2345679", 6, -1234567}, {"0.000001", 6, 1},
        {"0.0000009", 6, 0}, {"-0.0000009", 6, 0}, {"1582459123.456789", 6, 1582459123456789},
        {"1582459123.456789123456789123456789", 6, 1582459123456789}, {"1582459123", 0, 1582459123},
        {"1582459123.99", 0, 1582459123}, {"9223372036854.775807", 6, INT64_MAX},
        {"-9223372036854.775808", 6, INT64_MIN}, {"9223372036854.7758079", 6, INT64_MAX},
        {"9.223372036854775807", 18, INT64_MAX}, {"000000000000000000000000001.5", 1, 15},
        {"9223372036854775807", 0, INT64_MAX}};
    static const struct {
        const char *text;
        int scale;
    } bad[] = {{"", 6}, {"-", 6}, {".", 6}, {".5", 6}, {"5.", 6}, {"-.5", 6}, {"1.5.2", 6},
        {"1..5", 6}, {"1,5", 6}, {"1e5", 6}, {"+1", 6}, {" 1", 6}, {"1.0000001x", 6}, {"1.x", 6},
        {"9223372036854.775808", 6}, {"-9223372036854.775809", 6}, {"10", 18},
        {"9223372036854775808", 0}, {"18446744073709551617", 0}, {"99999999999999999999.5", 1}};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t value = -1;
        assert_true(nlt__parse_fixed(bytes_of(good[i].text), good[i].scale, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t value = -1;
        assert_false(nlt__parse_fixed(bytes_of(bad[i].text), bad[i].scale, &value));
    }
}

/* A field of a line, behind which other bytes can be read. */
static bool read_millionths(const char *text, int64_t *value)
{
    char line[128];
    size_t len = strlen(text);
    assert_true(len + 64 <= sizeof line);
    memset(line, '7', sizeof line);
    memcpy(line, text, len);
    return nlt__field_millionths((nlt_bytes){line, len}, value);
}

static void millionths_of_fields(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0.000001", 1}, {"1.5", 1500000}, {"1.2345678", 1234567}, {"12", 12000000},
        {"12345678.000000", 12345678000000}, {"123456789.000001", 123456789000001},
        {"1488326400000.133317", 1488326400000133317}, {"0000000000000007.000000", 7000000},
        {"9223372036854.775807", INT64_MAX}, {"-1.000001", -1000001}, {"1.00000", 1000000}};
    static const char *const bad[] = {"", "x.000000", ".000000", "1.00000x", "1x.000000",
        "12345678x.000000", "1234567 9.000000", "9223372036854.775808", "9999999999999999.000000",
        "1-000000", "1.0000001x", "99999999999999999.000000"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t value = -1;
        assert_true(read_millionths(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t value = -1;
        assert_false(read_millionths(bad[i], &value));
    }
}

static void doubles_are_read_to_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0.0}, {"-0", -0.0}, {"0.0e99999999999999999999", 0.0}, {"1", 1.0},
        {"-1.5", -1.5}, {"0.1", 0x1.999999999999ap-4}, {"1e22", 0x1.0f0cf064dd592p+73},
        {"1e23", 0x1.52d02c7e14af6p+76}, {"1E+2", 100.0}, {"1e-2", 0x1.47ae147ae147bp-7},
        {"123456789.123", 0x1.d6f34547df3b6p+26},
        /* ties go to even */
        {"9007199254740993", 0x1p+53}, {"9007199254740995", 0x1.0000000000002p+53},
        {"9007199254740993.00000000000000000000000001", 0x1.0000000000001p+53},
        {"1.00000000000000011102230246251565404236316680908203125", 1.0},
        {"1.00000000000000011102230246251565404236316680908203124", 1.0},
        {"1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p+0},
        /* the ends of the range */
        {"1.7976931348623157e308", DBL_MAX}, {"1.7976931348623158e308", DBL_MAX},
        {"2.2250738585072014e-308", DBL_MIN}, {"2.2250738585072012e-308", DBL_MIN},
        {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022}, {"5e-324", 0x1p-1074},
        {"4.9406564584124654e-324", 0x1p-1074}, {"2.4703282292062328e-324", 0x1p-1074},
        {"2.4703282292062327e-324", 0.0}, {"7.4e-324", 0x1p-1074}, {"7.5e-324", 0x1p-1073},
        {"1e-400", 0.0}, {"-1e-99999999999999999999", -0.0},
        /* more than 19 digits; hard ones of Paxson 1991 */
        {"100000000000000016777215", 0x1.52d02c7e14af7p+76},
        {"100000000000000016777216", 0x1.52d02c7e14af8p+76},
        {"3.5844466002796428e298", 0x1.b67769db917d9p+991}, {"5e-20", 0x1.d83c94fb6d2acp-65},
        {"8e153", 0x1.317e5ef3ab327p+511},
        {"0.000000000000000000000000000000000000000000000000001e51", 1.0},
        {"1000000000000000000000000000000000000000000000000000e-51", 1.0}};
    static const char *const bad[] = {"", "-", ".", "e5", ".e5", "-e5", "1e", "1e+", "1e-", "1e5.0",
        "1e5e5", "1.2.3", "+1", " 1", "1 ", "nan", "NaN", "inf", "Infinity", "-inf", "0x1p3", "1,5",
        "1f", "1.7976931348623159e308", "1e309", "-1e400", "1e99999999999999999999", "--1", "1e--5",
        "1e+-5"};
    for (size_t i = 0; i < COUNT(good); i++) {
        double value = -1.0;
        assert_true(nlt__parse_double(bytes_of(good[i].text), &value));
        if (bits_of(value) != bits_of(good[i].value)) {
            fail_msg("%s: %a, not %a", good[i].text, value, good[i].value);
        }
    }
    assert_false(nlt__parse_double((nlt_bytes){NULL, 0}, &(double){0.0}));
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 0.0;
        if (nlt__parse_double(bytes_of(bad[i]), &value)) {
            fail_msg("\"%s\" was taken as %a", bad[i], value);
        }
    }
}

/* A digit far behind the midpoint of two doubles still decides. */
static void the_last_digit_counts(void **state)
{
    (void)state;
    static const char midpoint[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[3000];
    memset(text, '0', sizeof text);
    memcpy(text, midpoint, sizeof midpoint - 1);
    double value = 0.0;
    assert_true(nlt__parse_double((nlt_bytes){text, sizeof text}, &value));
    assert_true(value == 1.0);
    text[sizeof text - 1] = '1';
    assert_true(nlt__parse_double((nlt_bytes){text, sizeof text}, &value));
    assert_true(value == 0x1.0000000000001p+0);
}

/* Zeros move the point, however many there are. */
static void long_texts(void **state)
{
    (void)state;
    static char text[200000];
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 8, "1e199991", 8); /* the 1 stands 199991 behind the point */
    double value = 0.0;
    assert_true(nlt__parse_double((nlt_bytes){text, sizeof text}, &value));
    assert_true(value == 1.0);
    memset(text, '0', sizeof text);
    text[0] = '1';
    memcpy(text + sizeof text - 8, "e-199991", 8);
    assert_true(nlt__parse_double((nlt_bytes){text, sizeof text}, &value));
    assert_true(value == 1.0);
}

static void integers_to_text(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {{0, "0"}, {9, "9"}, {10, "10"}, {99, "99"}, {100, "100"}, {-1, "-1"},
        {1234567, "1234567"}, {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"}, {1000000000000000000, "1000000000000000000"}};
    char text[NLT_NUM_TEXT_MAX];
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = nlt__format_i64(rows[i].value, text);
        assert_int_equal(len, strlen(rows[i].text));
        assert_memory_equal(text, rows[i].text, len);
    }
    assert_int_equal(nlt__format_u64(UINT64_MAX, text), 20);
    assert_memory_equal(text, "18446744073709551615", 20);
}

static void wide_integers_to_text(void **state)
{
    (void)state;
    const nlt_i128 e18 = 1000000000000000000;
    const nlt_i128 largest = (((nlt_i128)1 << 126) - 1) * 2 + 1;
    const struct {
        nlt_i128 value;
        int scale;
        const char *text;
    } rows[] = {{0, 0, "0"}, {0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {123, 2, "1.23"},
        {-123, 0, "-123"}, {100, 2, "1.00"}, {e18 * 10, 0, "10000000000000000000"},
        {e18 * e18, 18, "1000000000000000000.000000000000000000"},
        {largest, 0, "170141183460469231731687303715884105727"},
        {-largest - 1, 0, "-170141183460469231731687303715884105728"},
        {-largest - 1, 38, "-1.70141183460469231731687303715884105728"},
        {-largest - 1, 39, "-0.170141183460469231731687303715884105728"}};
    char text[NLT_NUM_TEXT_MAX];
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = nlt__format_i128(rows[i].value, rows[i].scale, text);
        assert_int_equal(len, strlen(rows[i].text));
        assert_memory_equal(text, rows[i].text, len);
    }
}

static void doubles_to_text(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {-1500.0, "-1500.0"}, {0.1, "0.1"},
        {0.3, "0.3"}, {0x1.3333333333334p-2, "0.30000000000000004"},
        {123456789.123, "123456789.123"}, {1582459123.456789, "1582459123.456789"},
        {1582459123.5, "1582459123.5"}, {0x1p+53, "9007199254740992.0"},
        {0x1.0000000000001p+53, "9007199254740994.0"}, {1.0 / 3.0, "0.3333333333333333"},
        {2.0 / 3.0, "0.6666666666666666"}, {1e15, "1000000000000000.0"},
        {0x1.1c37937e07fffp+53, "9999999999999998.0"}, {1e16, "1e+16"}, {1e22, "1e+22"},
        {1e23, "1e+23"}, {1e100, "1e+100"}, {-1.5e300, "-1.5e+300"}, {0.0001, "0.0001"},
        {0.00012345, "0.00012345"}, {0.00001, "1e-05"},
        {0x1.a36e2eb1c432cp-14, "9.999999999999999e-05"}, {1.25e-10, "1.25e-10"},
        {1e-100, "1e-100"}, {0x1p-1074, "5e-324"}, {0x1p-1073, "1e-323"},
        {DBL_MIN, "2.2250738585072014e-308"}, {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
        {DBL_MAX, "1.7976931348623157e+308"}, {0x1p-44, "5.684341886080802e-14"},
        {9.5367431640625e-07, "9.5367431640625e-07"}, {4.35, "4.35"},
        {2.98023223876953125e-8, "2.9802322387695312e-08"}, {0x1p+89, "6.189700196426902e+26"},
        {0x1p-1022 * 3, "6.675221575521604e-308"}, {9.007199254740991e15, "9007199254740991.0"},
        {HUGE_VAL, "Infinity"}, {-HUGE_VAL, "-Infinity"}, {(double)NAN, "NaN"}};
    char text[NLT_NUM_TEXT_MAX];
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = nlt__format_double(rows[i].value, text);
        if (len != strlen(rows[i].text) || memcmp(text, rows[i].text, len) != 0) {
            fail_msg("%a: %.*s, not %s", rows[i].value, (int)len, text, rows[i].text);
        }
    }
}

/* The significant digits of a text, without zeros at either end, and the power of the last. */
static uint64_t significant(const char *text, size_t len, int *power)
{
    uint64_t digits = 0;
    int exponent = 0;
    bool is_fraction = false;
    *power = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == 'e') {
            int64_t value = 0;
            i += text[i + 1] == '+';
            assert_true(nlt__parse_i64((nlt_bytes){text + i + 1, len - i - 1}, &value));
            exponent = (int)value;
            break;
        }
        if (text[i] == '.') {
            is_fraction = true;
            continue;
        }
        digits = digits * 10 + (uint64_t)(text[i] - '0');
        *power -= is_fraction;
    }
    while (digits > 0 && digits % 10 == 0) {
        digits /= 10;
        ++*power;
    }
    *power += exponent;
    return digits;
}

static double read_scaled(uint64_t digits, int power)
{
    char text[48];
    int len = snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, power);
    double value = 0.0;
    return nlt__parse_double((nlt_bytes){text, (size_t)len}, &value) ? value : HUGE_VAL;
}

/* If a text with a digit less reads back, so does one of the two next to the text itself. */
static void check_shortest(double value)
{
    char text[NLT_NUM_TEXT_MAX];
    double back = 0.0;
    size_t len = nlt__format_double(value, text);
    assert_true(nlt__parse_double((nlt_bytes){text, len}, &back));
    if (bits_of(back) != bits_of(value)) {
        fail_msg("%a reads back as %a from %.*s", value, back, (int)len, text);
    }
    int power = 0;
    uint64_t digits = significant(text, len, &power);
    if (digits >= 10
        && (read_scaled(digits / 10, power + 1) == value
            || read_scaled(digits / 10 + 1, power + 1) == value)) {
        fail_msg("%a has a shorter text than %.*s", value, (int)len, text);
    }
}

static void texts_of_doubles_are_shortest(void **state)
{
    (void)state;
    uint64_t seed = 20200223;
    for (int i = 0; i < 50000; i++) {
        double value = double_of(next_random(&seed) & (UINT64_MAX >> 1));
        if (isfinite(value)) {
            check_shortest(value);
        }
        check_shortest((double)(next_random(&seed) >> 20) / 1e6);
        check_shortest((double)(next_random(&seed) >> 11) * 0x1p-53);
        check_shortest(double_of(next_random(&seed) >> (12 + i % 50)));
    }
}

/* Powers of two have a nearer neighbour below than above. */
static void powers_of_two_are_shortest(void **state)
{
    (void)state;
    for (uint64_t exponent = 0; exponent < 0x7ff; exponent++) {
        uint64_t bits = exponent << 52;
        check_shortest(double_of(bits + 1));
        if (bits > 0) {
            check_shortest(double_of(bits));
            check_shortest(double_of(bits - 1));
        }
    }
}

/* Reading a decimal of up to 15 digits and writing it must give it back. */
static void short_decimals_survive(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 50000; i++) {
        uint64_t digits = next_random(&seed) % 1000000000000000 / (i % 2 == 0 ? 1 : 1000000);
        int power = (int)(next_random(&seed) % 560) - 290;
        while (digits > 0 && digits % 10 == 0) {
            digits /= 10;
        }
        char text[NLT_NUM_TEXT_MAX];
        int back = 0;
        size_t len = nlt__format_double(read_scaled(digits, power), text);
        assert_true(significant(text, len, &back) == digits);
        assert_true(digits == 0 || back == power);
    }
}

/* Java's, of version 19 and later: Float.toString. */
static void texts_of_floats_are_shortest(void **state)
{
    static const struct {
        float value;
        const char *text;
    } rows[] = {{0.1F, "0.1"}, {1.0F, "1.0"}, {-2.5F, "-2.5"}, {16777216.0F, "16777216.0"},
        {1e15F, "1000000000000000.0"}, {3.4028235e38F, "3.4028235e+38"}, {0x1p-149F, "1e-45"},
        {0x1p-148F, "3e-45"}, {0x1p-126F, "1.1754944e-38"}, {0x1p+24F, "16777216.0"},
        {33554432.0F, "33554432.0"}, {8.5899346e9F, "8589935000.0"}, {0.0F, "0.0"}, {-0.0F, "-0.0"},
        {HUGE_VALF, "Infinity"}, {-HUGE_VALF, "-Infinity"}, {NAN, "NaN"}};
    char text[NLT_NUM_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = nlt__format_float(rows[i].value, text);
        if (len != strlen(rows[i].text) || memcmp(text, rows[i].text, len) != 0) {
            fail_msg("%a: %.*s, not %s", (double)rows[i].value, (int)len, text, rows[i].text);
        }
    }
    uint64_t seed = 1985;
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)(next_random(&seed) >> 33);
        float value = 0.0F;
        double back = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        int power = 0;
        size_t len = nlt__format_float(value, text);
        assert_true(nlt__parse_double((nlt_bytes){text, len}, &back) && (float)back == value);
        uint64_t digits = significant(text, len, &power);
        bool has_shorter = digits >= 10
            && ((float)read_scaled(digits / 10, power + 1) == value
                || (float)read_scaled(digits / 10 + 1, power + 1) == value);
        assert_false(has_shorter);
    }
}

static void seconds_are_rounded_once(void **state)
{
    (void)state;
    assert_true(nlt__seconds_from_us(0) == 0.0);
    assert_true(nlt__seconds_from_us(1) == 1e-6);
    assert_true(nlt__seconds_from_us(-1500000) == -1.5);
    assert_true(nlt__seconds_from_us(1582459123456789) == 1582459123.456789);
    assert_true(nlt__seconds_from_us(INT64_MAX) == 9223372036854.775807);
    assert_true(nlt__seconds_from_us(INT64_MIN) == -9223372036854.775808);
    assert_true(nlt__seconds_from_ns(1) == 1e-9);
    assert_true(nlt__seconds_from_ns(1582459123456789123) == 1582459123.456789123);
    assert_true(nlt__seconds_from_ns(1582459123456789000) == 1582459123.456789);
    assert_true(nlt__seconds_from_ns(INT64_MAX) == 9223372036.854775807);
    assert_true(nlt__seconds_from_ns(INT64_MIN) == -9223372036.854775808);
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(next_random(&seed) >> (i % 12));
        uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        double us = read_scaled(magnitude, -6);
        double ns = read_scaled(magnitude, -9);
        assert_true(nlt__seconds_from_us(value) == (value < 0 ? -us : us));
        assert_true(nlt__seconds_from_ns(value) == (value < 0 ? -ns : ns));
    }
    for (int i = 0; i < 100000; i++) { /* next to the middle between two doubles */
        uint64_t s = next_random(&seed) % 9000000000;
        uint64_t step = next_random(&seed) % (UINT64_C(1) << 23);
        uint64_t value = s * 1000000000 + (step * 1000000000 >> 23) + (uint64_t)(i % 2);
        assert_true(nlt__seconds_from_ns((int64_t)value) == read_scaled(value, -9));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_integers),
        cmocka_unit_test(unsigned_integers),
        cmocka_unit_test(only_digits_are_digits),
        cmocka_unit_test(fixed_point),
        cmocka_unit_test(millionths_of_fields),
        cmocka_unit_test(doubles_are_read_to_the_nearest),
        cmocka_unit_test(the_last_digit_counts),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(integers_to_text),
        cmocka_unit_test(wide_integers_to_text),
        cmocka_unit_test(doubles_to_text),
        cmocka_unit_test(texts_of_doubles_are_shortest),
        cmocka_unit_test(powers_of_two_are_shortest),
        cmocka_unit_test(texts_of_floats_are_shortest),
        cmocka_unit_test(short_decimals_survive),
        cmocka_unit_test(seconds_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
