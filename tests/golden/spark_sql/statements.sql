-- Statements whose answers by Spark are in answers.json. One statement a line.
-- Tables: http (Zeek's http.log), dns (Zeek's dns.log), as make.py writes them.

-- whole tables, so that both sides have the same rows
SELECT * FROM http ORDER BY req_time
SELECT * FROM dns ORDER BY req_time

-- names, texts, comments
SELECT HOST, `host` AS `h h`, Method AS m FROM HTTP ORDER BY req_time LIMIT 3;
SELECT /* a comment */ host -- and another
SELECT 'it''s' AS a, 'it\'s' AS b, "dq" AS c, 'a' 'b' AS d, r'\d' AS e, 'a\qb' AS f, 'a\%b' AS g, '\\d' AS h, '\u0041' AS i, '\101' AS j, 'tab\tend' AS k
SELECT "host" AS literal, host FROM http WHERE host = "a.com" ORDER BY req_time
SELECT 1 + 2 AS a, 2 * 3 AS b, -5 AS c, - 5 AS d, +5 AS e, ~5 AS f, 7 - -7 AS g

-- unnamed columns that the specification fixes
SELECT host, count(*), sum(response_body_len), avg(response_body_len), min(req_time), max(status_code), count(DISTINCT c_ip) FROM http GROUP BY host ORDER BY host
SELECT COUNT(1), Count(host), SUM(status_code) FROM http
SELECT h.host, h.method FROM http h ORDER BY h.req_time LIMIT 2

-- null order
SELECT host FROM http ORDER BY host
SELECT host FROM http ORDER BY host DESC
SELECT host FROM http ORDER BY host NULLS LAST
SELECT host FROM http ORDER BY host DESC NULLS FIRST
SELECT host, status_code FROM http ORDER BY 1 DESC, 2
SELECT DISTINCT host FROM http ORDER BY host
SELECT a FROM VALUES ('b'), ('B'), ('a'), ('é'), (null), ('Z'), ('') AS t(a) ORDER BY a
SELECT a FROM VALUES (1D), (double('nan')), (null), (double('-inf')), (double('inf')) AS t(a) ORDER BY a

-- failure is NULL
SELECT 1 / 0 AS a, 5 % 0 AS b, 7 DIV 0 AS c, 1.0 / 0 AS d, 0D / 0 AS e, 5.5D % 0D AS f, mod(5, 0) AS g, pmod(5, 0) AS h
SELECT cast('abc' AS int) AS a, cast('' AS double) AS b, cast('x' AS date) AS c, cast('2020-02-30' AS date) AS d, cast('nope' AS boolean) AS e, cast('1e400' AS double) AS f, cast('12x' AS bigint) AS g
SELECT array(1, 2)[5] AS a, array(1, 2)[-1] AS b, element_at(array(1, 2), 9) AS c, map('x', 1)['y'] AS d
SELECT log(0) AS a, log(-1) AS b, ln(0) AS c, log10(-2) AS d, log2(0) AS e, sqrt(-1) AS f, log(0, 5) AS g, log1p(-1) AS h, acos(2) AS i

-- numbers
SELECT 7 / 2 AS a, 7 DIV 2 AS b, -7 DIV 2 AS c, -7 % 3 AS d, 7 % -3 AS e, -5.5D % 2 AS f, 5.5 % 2 AS g, 7.5 DIV 2 AS h, pmod(-7, 3) AS i, mod(-7, 3) AS j
SELECT 2.5 AS a, 2.5D AS b, 1L AS c, 5S AS d, 5Y AS e, 1e3 AS f, 2.5BD AS g, .5 AS h, 100. AS i, 12345678901 AS j, 1.0 / 3 AS k, 2.5 * 2 AS l
SELECT 7 / 2.0 AS a, 10 / 3.5D AS b, 1L / 3.0 AS c, cast(5 AS bigint) / 1024.0 / 1024.0 AS d, 1.10 + 2.205 AS e, 1.5 - 2 AS f, 10.25 % 3 AS g
SELECT sum(response_body_len) / count(*) AS a, sum(response_body_len) * 100.0 / sum(request_body_len) AS b, round(sum(response_body_len) / 1024 / 1024, 2) AS c, round(100.0 * sum(request_body_len) / sum(response_body_len), 2) AS d FROM http
SELECT cast(7.9D AS int) AS a, cast(-7.9D AS int) AS b, cast('7.9' AS int) AS c, cast(' 7 ' AS int) AS d, cast(9999999999 AS int) AS e, cast(1e20 AS bigint) AS f, cast(1e20 AS int) AS g, cast(double('nan') AS int) AS h, cast(300 AS tinyint) AS i, cast(1e10D AS tinyint) AS j, cast('9999999999' AS int) AS k, cast(2.5 AS int) AS l, cast(-2.5 AS bigint) AS m, cast(70000 AS smallint) AS n
SELECT cast('+5' AS int) AS a, cast('.5' AS int) AS b, cast('5.' AS int) AS c, cast('1e3' AS double) AS d, cast('nan' AS double) AS e, cast('-inf' AS double) AS f, cast('1d' AS double) AS g, cast('0x10' AS int) AS h, cast('1.5' AS decimal(5,2)) AS i, cast('1.005' AS decimal(5,2)) AS j, cast(2.675D AS decimal(5,2)) AS k, cast(7 AS decimal(5,1)) AS l
SELECT cast(2.5D AS string) AS a, cast(1e7D AS string) AS b, cast(1e-4D AS string) AS c, cast(3D AS string) AS d, cast(1234567.0D AS string) AS e, cast(0.001D AS string) AS f, cast(-0.0D AS string) AS g, cast(double('nan') AS string) AS h, cast(1.50 AS string) AS i, cast(true AS string) AS j, cast(123456789.5D AS string) AS k, cast(1e21D AS string) AS l
SELECT cast('yes' AS boolean) AS a, cast('T' AS boolean) AS b, cast('0' AS boolean) AS c, cast(2 AS boolean) AS d, cast(0.0 AS boolean) AS e, cast(true AS int) AS f, cast(false AS double) AS g, cast(' true ' AS boolean) AS h
SELECT floor(2.5D) AS a, floor(-2.5D) AS b, floor(2.5) AS c, ceil(2.5D) AS d, ceil(-2.5) AS e, floor(7) AS f, ceil('3.2') AS g, ceiling(1.1D) AS h, floor(1e20) AS i
SELECT round(2.5D) AS a, round(3.5D) AS b, round(-2.5D) AS c, round(2.345D, 2) AS d, round(1234, -2) AS e, round(2.5) AS f, round(1.235, 2) AS g, bround(2.5D) AS h, bround(3.5D) AS i, bround(2.345D, 2) AS j, round(1250L, -2) AS k, rint(2.5D) AS l, round(0.285D, 2) AS m, round(1.005D, 2) AS n, round(55.5D, -1) AS o
SELECT '7.9' + 1 AS a, '7' % 4 AS b, '7' / 2 AS c, '3' * '4' AS d, 'x' + 1 AS e, 1 - '0.5' AS f, -'5' AS g
SELECT 5 ^ 3 AS a, 5 & 3 AS b, 5 | 3 AS c, 1 + 2 ^ 3 AS d, 1 | 2 ^ 3 & 1 AS e, shiftleft(1, 3) AS f, shiftright(-8, 1) AS g, shiftrightunsigned(-8, 1) AS h, 1 << 3 AS i, shiftleft(1L, 40) AS j, shiftleft(1, 33) AS k, bit_count(7) AS l, -8 >> 1 AS m
SELECT log(10) AS a, log(2, 8) AS b, ln(10) AS c, log10(100) AS d, log2(8) AS e, exp(1) AS f, pow(2, 10) AS g, power(2, 0.5) AS h, sqrt(2) AS i, cbrt(27D) AS j, sign(-2.5) AS k, signum(3) AS l, abs(-5) AS m, abs(-2.5) AS n, abs('-3') AS o, hypot(3, 4) AS p, factorial(5) AS q, factorial(21) AS r, e() AS s, pi() AS t
SELECT sin(1) AS a, cos(1) AS b, tan(1) AS c, asin(1) AS d, acos(1) AS e, atan(1) AS f, atan2(1, 2) AS g, sinh(1) AS h, cosh(1) AS i, tanh(1) AS j, degrees(pi()) AS k, radians(180) AS l, log1p(1) AS m, positive(5) AS n, negative(5) AS o, negative(2.5) AS p, positive(1.5D) AS q
SELECT bin(13) AS a, bin(-1) AS b, hex(255) AS c, hex('abc') AS d, hex(-1) AS e, nanvl(double('nan'), 1) AS f, isnan(double('nan')) AS g, isnan(null) AS h, nanvl(2, 1) AS i
SELECT typeof(1) AS a, typeof(1L) AS b, typeof(1.5 * 2) AS c, typeof('a') AS d, typeof(array(1)) AS e, typeof(null) AS f, typeof(1 / 2) AS g, typeof(sum(1)) AS h, typeof(count(*)) AS i, typeof(date'2020-01-01') AS j, typeof(1 + 1L) AS k, typeof(floor(1.5D)) AS l, typeof(avg(1.5)) AS m
SELECT bigint('5') AS a, int(5.7) AS b, string(5) AS c, double('5') AS d, boolean('t') AS e, decimal('5.5') AS f, date('2020-01-01') AS g, tinyint(300) AS h, smallint('7') AS i, timestamp('2020-01-01 10:00:00') AS j, float('1.5') AS k

-- comparisons and what meets in them
SELECT 200 = '200' AS a, 200 = '200.7' AS b, 'a' = 1 AS c, '10' < 9 AS d, '10' < '9' AS e, 1.5 = '1.50' AS f, true = 'true' AS g, true = 1 AS h, 1 = 1.0 AS i, 2.5D > 2 AS j, 1 == 1 AS k, 1 != 2 AS l, 1 <> 1 AS m
SELECT 1 IN ('01', 'x') AS a, 1 IN ('1') AS b, 1.0 IN ('1.0') AS c, 2 IN (1, 2.0, 3) AS d, 'a' IN ('b', null) AS e, 'b' IN ('b', null) AS f, null IN (1) AS g, 1 NOT IN (2, null) AS h
SELECT null <=> null AS a, 1 <=> null AS b, 1 <=> 1 AS c, null = null AS d, 1 IS DISTINCT FROM null AS e, 1 IS NOT DISTINCT FROM 1 AS f
SELECT host FROM http WHERE status_code = '200' ORDER BY req_time
SELECT host FROM http WHERE host = 200 ORDER BY req_time
SELECT count(*) AS n FROM http WHERE NOT host = 'a.com' OR host IS NULL
SELECT count(*) AS n FROM http WHERE ! host = 'a.com'
SELECT count(*) AS n FROM http WHERE host <=> NULL
SELECT count(*) AS n FROM http WHERE status_code BETWEEN 200 AND 302
SELECT count(*) AS n FROM http WHERE status_code NOT BETWEEN 200 AND 302
SELECT true AND null AS a, false AND null AS b, true OR null AS c, NOT null AS d, NOT true AND false AS e, NOT (true AND false) AS f
SELECT (1 = 1) IS TRUE AS a, null IS TRUE AS b, (1 = 2) IS NOT TRUE AS c, null IS UNKNOWN AS d, false IS FALSE AS e
SELECT greatest(1, null, 3) AS a, least(1, 2.5) AS b, greatest('a', 'B') AS c, least(null, 2) AS d, greatest(1, 2.5D) AS e, greatest(null, null) AS f
SELECT coalesce(1, 'a') AS a, coalesce(null, 2.5) AS b, coalesce(1, 2.5D) AS c, nvl(null, 3) AS d, nvl2(null, 1, 2) AS e, nvl2(1, 'x', 'y') AS f, nullif(1, '1') AS g, nullif('a', 'b') AS h, ifnull(1, 'x') AS i, if(true, 1, 'x') AS j, if(null, 1, 2) AS k, isnull(null) AS l, isnotnull(1) AS m
SELECT CASE WHEN status_code < 300 THEN 'ok' WHEN status_code < 400 THEN 'moved' ELSE 'bad' END AS class, count(*) AS n FROM http GROUP BY CASE WHEN status_code < 300 THEN 'ok' WHEN status_code < 400 THEN 'moved' ELSE 'bad' END ORDER BY class
SELECT CASE status_code WHEN 200 THEN 'ok' WHEN '404' THEN 'missing' END AS c, status_code FROM http ORDER BY req_time
SELECT CASE WHEN true THEN 1 ELSE 2.5 END AS a, CASE WHEN false THEN 1 END AS b, CASE 1 WHEN 1.0 THEN 'x' ELSE 2 END AS c

-- texts
SELECT 'a' || 1 || true AS a, 'a' || null AS b, concat('a', 1.5D, true, null) AS c, concat('a', 2, date'2020-01-01') AS d, concat() AS e, concat_ws('-', 'a', null, array('b', 'c')) AS f, concat_ws(',', array(1, 2)) AS g, concat_ws(null, 'a') AS h, concat_ws(',', 'a', 1, null, 2.5) AS i, concat_ws(',') AS j
SELECT substring('hello', 0, 2) AS a, substring('hello', -3, 2) AS b, substring('hello', 2) AS c, substr('hello', 1, 100) AS d, substring('hello', -10, 7) AS e, substring('hello', 2, -1) AS f, substring('héllo' FROM 2 FOR 3) AS g, substr('hello', -10) AS h, substring('hello', 0) AS i, left('hello', 2) AS j, right('hello', 3) AS k, left('hello', -1) AS l, right('hello', 0) AS m, substring('hello', -2) AS n
SELECT instr('abcabc', 'c') AS a, locate('c', 'abcabc', 4) AS b, locate('', 'abc') AS c, position('c' IN 'abc') AS d, position('c', 'abc') AS e, locate('c', 'abc', 0) AS f, instr('abc', 'x') AS g, locate('é', 'aéb') AS h, locate('a', 'aba', 2) AS i
SELECT lpad('hi', 5, 'xy') AS a, rpad('hi', 5, 'xy') AS b, lpad('hello', 3, 'x') AS c, lpad('hi', 5) AS d, lpad('hi', 5, '') AS e, rpad('hi', -1, 'x') AS f, rpad('hello', 3) AS g, repeat('ab', 3) AS h, repeat('ab', -1) AS i, space(3) AS j, reverse('abc') AS k, translate('abc', 'ab', 'x') AS l, lpad(5, 3, '0') AS m
SELECT upper('aé') AS a, lower('AÉ') AS b, ucase('a') AS c, lcase('A') AS d, length('aé ') AS e, char_length('abc') AS f, octet_length('é') AS g, bit_length('a') AS h, length(12345) AS i, len('abc') AS j, character_length('') AS k, initcap('hello wORLD-x y') AS l
SELECT trim('  a ') AS a, ltrim('  a') AS b, rtrim('a  ') AS c, btrim('xxaxx', 'x') AS d, trim(BOTH 'x' FROM 'xax') AS e, trim('x' FROM 'xax') AS f, trim(LEADING 'x' FROM 'xax') AS g, trim(TRAILING FROM 'a ') AS h, ltrim('x', 'xxa') AS i, rtrim('x', 'axx') AS j, btrim(' a ') AS k, trim('\ta') AS l
SELECT split('a,b,,', ',') AS a, split('a1b22c', '[0-9]+') AS b, split('a,b,c', ',', 2) AS c, split('a,b,c', ',', -1) AS d, split('', ',') AS e, split('a.b', '\\.') AS f, split('abc', '') AS g, split('a|b', '\\|')[1] AS h, split(null, ',') AS i, split('a.b.', '[.]', 0) AS j, split('a.b', '.') AS k
SELECT split(host, '\\.')[0] AS first, count(*) AS n FROM http GROUP BY split(host, '\\.')[0] ORDER BY first
SELECT split_part('a.b.c', '.', 2) AS a, split_part('a.b.c', '.', -1) AS b, split_part('a.b', '.', 5) AS c, substring_index('a.b.c', '.', 2) AS d, substring_index('a.b.c', '.', -1) AS e, substring_index('a.b', '.', 5) AS f, substring_index('a.b', '.', 0) AS g, substring_index('a.b.c', '.', -2) AS h, substring_index('abc', '', 1) AS i
SELECT startswith('abc', 'a') AS a, endswith('abc', 'c') AS b, contains('abc', 'b') AS c, replace('abc', 'b', 'x') AS d, replace('abc', 'b') AS e, replace('abc', '', 'x') AS f, ascii('A') AS g, ascii('') AS h, ascii('é') AS i, levenshtein('kitten', 'sitting') AS j, md5('a') AS k, sha1('a') AS l, sha('b') AS m, char(65) AS n, chr(66) AS o, sha2('a', 256) AS p, contains(null, 'a') AS q
SELECT find_in_set('b', 'a,b') AS a, elt(2, 'a', 'b') AS b, crc32('abc') AS c, conv('ff', 16, 10) AS d, soundex('Robert') AS e, base64('abc') AS f
SELECT 'a' LIKE 'A' AS a, 'a%b' LIKE 'a\%b' AS b, 'ab' LIKE 'a_' AS c, 'ab' ILIKE 'A%' AS d, 'ab' LIKE ANY ('x', 'a%') AS e, 'ab' NOT LIKE 'b%' AS f, 'a_b' LIKE 'a/_b' ESCAPE '/' AS g, 'ab' LIKE ALL ('a%', '%b') AS h, 'ab' NOT LIKE ALL ('x%', 'y%') AS i, 'ab' NOT LIKE ANY ('a%', 'x%') AS j, null LIKE 'a' AS k, 'é' LIKE '_' AS l
SELECT host FROM http WHERE host LIKE '%.com' ORDER BY req_time
SELECT count(*) AS n FROM http WHERE path LIKE '/a%' OR user_agent ILIKE '%CURL%'
SELECT get_json_object('{"a":1,"b":{"c":"x"},"d":[1,2]}', '$.b.c') AS a, get_json_object('{"a":1}', '$.a') AS b, get_json_object('{"a":1}', '$.x') AS c, get_json_object('nope', '$.a') AS d, get_json_object('{"d":[1,2]}', '$.d[1]') AS e

-- patterns
SELECT 'abc' RLIKE '^a.*c$' AS a, 'abc' RLIKE 'b' AS b, 'abc' NOT RLIKE 'x' AS c, 'abc' REGEXP '[a-c]+' AS d, regexp_like('ab', 'b') AS e, 'a\nb' RLIKE 'a.b' AS f, 'ab\n' RLIKE 'b$' AS g, 'a.b' RLIKE '\\.' AS h, 'a1' RLIKE '\\d' AS i, 'ABC' RLIKE '(?i)abc' AS j, rlike('abc', 'c$') AS k, regexp('abc', 'x') AS l, null RLIKE 'a' AS m
SELECT regexp_extract('foo123', '([0-9]+)') AS a, regexp_extract('foo', '([0-9]+)') AS b, regexp_extract('foo123', '[a-z]+', 0) AS c, regexp_extract('k=v', '(\\w+)=(\\w+)', 2) AS d, regexp_extract('ac', '(a)(b)?c', 2) AS e, regexp_extract(null, '(a)') AS f, regexp_extract('x-y', '(?<first>\\w)-(\\w)', 1) AS g
SELECT regexp_replace('a1b2', '[0-9]', '<$0>') AS a, regexp_replace('a1b2', '([0-9])', '<$1>') AS b, regexp_replace('abc', 'b', '\\$') AS c, regexp_replace('a.b.c', '\\.', '') AS d, regexp_replace('aaa', 'a', 'b') AS e, regexp_replace('John Smith', '(\\w+) (\\w+)', '$2 $1') AS f, regexp_replace('www.a.com', '^www\\.', '') AS g
SELECT regexp_count('abab', 'a') AS a, regexp_extract_all('a1b2', '([a-z])([0-9])', 2) AS b, regexp_extract_all('a1b2', '([a-z])([0-9])') AS c, regexp_extract_all('a1b2', '[0-9]', 0) AS d, regexp_count('xyz', '[0-9]') AS e
SELECT regexp_extract(path, '^/([a-z]+)', 1) AS p, count(*) AS n FROM http GROUP BY regexp_extract(path, '^/([a-z]+)', 1) ORDER BY p

-- aggregates
SELECT count(*) AS a, count(host) AS b, count(DISTINCT host) AS c, count(DISTINCT host, method) AS d, count(host, method) AS e, count_if(status_code = 200) AS f, sum(DISTINCT status_code) AS g, avg(DISTINCT status_code) AS h FROM http
SELECT count(*) AS n, sum(status_code) AS s, avg(status_code) AS a, max(host) AS m, collect_list(host) AS l, collect_set(host) AS t, count_if(true) AS c, stddev(status_code) AS d, first(host) AS f, approx_count_distinct(host) AS u, median(status_code) AS e FROM http WHERE false
SELECT percentile(a, 0.5) AS a, percentile(a, array(0.25, 0.75)) AS b, median(a) AS c, percentile_approx(a, 0.5) AS d, approx_percentile(a, array(0.1, 0.9), 100) AS e, stddev(a) AS f, stddev_pop(a) AS g, variance(a) AS h, var_pop(a) AS i, std(a) AS j, stddev_samp(a) AS k, var_samp(a) AS l, mean(a) AS m, approx_percentile(a, 0.9) AS n FROM VALUES (1), (2), (3), (10) AS t(a)
SELECT stddev(a) AS a, variance(a) AS b, corr(a, a) AS c, covar_samp(a, a) AS d, covar_pop(a, a) AS e, stddev_pop(a) AS f, corr(a, 1) AS g FROM VALUES (1) AS t(a)
SELECT corr(a, b) AS a, covar_pop(a, b) AS b, covar_samp(a, b) AS c FROM VALUES (1, 2D), (2, 3D), (4, 9D), (null, 1D) AS t(a, b)
SELECT max_by(a, b) AS a, min_by(a, b) AS b, bool_or(b > 1) AS c, every(b > 1) AS d, some(b > 5) AS e, any(b > 2) AS f, bool_and(b > 0) AS g, bit_and(b) AS h, bit_or(b) AS i, bit_xor(b) AS j, first(a, true) AS k, any_value(b) IS NOT NULL AS l, last(a, true) IS NULL AS m FROM VALUES (null, 1), ('x', 2), ('y', null), ('x', 2) AS t(a, b)
SELECT sum(a) AS a, avg(a) AS b, sum(b) AS c, avg(b) AS d, sum(c) AS e, avg(c) AS f, min(d) AS g, sum(d) AS h, avg(d) AS i, min(b) AS j, max(e) AS k FROM VALUES (1, 1.5, 1.5D, '3', date'2020-01-01'), (2, 2.25, 2.5D, '4x', date'2020-01-02') AS t(a, b, c, d, e)
SELECT size(collect_set(host)) AS a, sort_array(collect_set(method)) AS b, sort_array(collect_list(status_code)) AS c, size(array_agg(host)) AS d FROM http
SELECT count(*) FILTER (WHERE status_code = 200) AS a, sum(response_body_len) FILTER (WHERE host = 'a.com') AS b, sort_array(collect_list(host) FILTER (WHERE status_code = 404)) AS c FROM http
SELECT host, count(*) AS n FROM http GROUP BY host HAVING count(*) > 1 ORDER BY n DESC, host
SELECT host AS h, count(*) AS n FROM http GROUP BY h HAVING n > 1 ORDER BY n DESC, h
SELECT host, method, count(*) FROM http GROUP BY 1, 2 ORDER BY 1, 2
SELECT host, count(*) AS n FROM http GROUP BY ALL ORDER BY ALL
SELECT floor(req_time / 60) * 60 AS t, count(*) AS n FROM http GROUP BY floor(req_time / 60) * 60 ORDER BY t
SELECT floor(req_time / 3600) AS h, sum(response_body_len) AS b FROM http GROUP BY h ORDER BY sum(response_body_len) DESC, h
SELECT host, sum(response_body_len) AS traffic FROM http GROUP BY host ORDER BY SUM(response_body_len) DESC NULLS LAST, host LIMIT 3
SELECT host, method, count(*) AS n FROM http GROUP BY host, method WITH ROLLUP ORDER BY host, method, n
SELECT host, method, sum(status_code) AS n FROM http GROUP BY ROLLUP (host, method) ORDER BY 1, 2, 3
SELECT method, count(*) AS n, grouping(method) AS g FROM http GROUP BY method WITH CUBE ORDER BY g, method
SELECT a, b, sum(c) AS s, grouping(a) AS g, grouping_id() AS i, grouping_id(a, b) AS j FROM VALUES ('x', 'y', 1), ('x', 'z', 2) AS t(a, b, c) GROUP BY a, b WITH ROLLUP ORDER BY a, b
SELECT a, b, count(*) AS n FROM VALUES ('x', 'y', 1), ('x', 'z', 2) AS t(a, b, c) GROUP BY CUBE (a, b) ORDER BY 1, 2
SELECT a, sum(c) AS s FROM VALUES ('x', 'y', 1), ('x', 'z', 2) AS t(a, b, c) GROUP BY GROUPING SETS ((a), ()) ORDER BY 1
SELECT a, b, sum(c) AS s FROM VALUES ('x', 'y', 1), ('x', 'z', 2) AS t(a, b, c) GROUP BY a, b GROUPING SETS ((a, b), a) ORDER BY 1, 2
SELECT max(c) - min(c) AS d FROM VALUES (1), (5) AS t(c) HAVING count(*) > 1
SELECT b AS a, count(*) AS c FROM VALUES (1, 10), (2, 20), (2, 30) AS t(a, b) GROUP BY b HAVING a > 15 ORDER BY a
SELECT -a AS a FROM VALUES (1), (2), (3) AS t(a) ORDER BY a
SELECT -a AS a FROM VALUES (1), (2), (3) AS t(a) ORDER BY a + 0
SELECT a + 1 AS b, b * 2 AS c FROM VALUES (1), (2) AS t(a) ORDER BY b
SELECT a + 1 AS a, a * 2 AS c FROM VALUES (1), (2) AS t(a) ORDER BY c

-- joins, sub-queries, sets
SELECT h.host, d.req_type FROM http h JOIN dns d ON h.host = d.query ORDER BY h.req_time, d.req_time
SELECT h.host, d.req_type FROM http h LEFT JOIN dns d ON h.host = d.query ORDER BY h.req_time, d.req_time
SELECT d.query, h.path FROM http h RIGHT OUTER JOIN dns d ON h.host = d.query ORDER BY d.req_time, h.req_time
SELECT h.host, d.query FROM http h FULL JOIN dns d ON h.host = d.query AND h.c_ip = d.c_ip ORDER BY h.req_time, d.req_time
SELECT host FROM http LEFT SEMI JOIN dns ON http.host = dns.query ORDER BY http.req_time
SELECT host FROM http LEFT ANTI JOIN dns ON http.host = dns.query ORDER BY req_time
SELECT host FROM http h SEMI JOIN dns d ON h.host = d.query WHERE status_code = 200 ORDER BY h.req_time
SELECT count(*) AS n FROM http CROSS JOIN dns
SELECT count(*) AS n FROM http, dns WHERE http.host = dns.query
SELECT * FROM VALUES (1, 2), (3, 4) AS t(a, b) JOIN VALUES (2, 9), (4, 8) AS u(b, c) USING (b) ORDER BY b
SELECT * FROM VALUES (1, 2), (3, 4) AS t(a, b) FULL JOIN VALUES (2, 9), (5, 8) AS u(b, c) USING (b) ORDER BY b
SELECT b, t.b, u.b FROM VALUES (1, 2), (3, 4) AS t(a, b) RIGHT JOIN VALUES (2, 9), (5, 8) AS u(b, c) USING (b) ORDER BY 1
SELECT * FROM VALUES (1, 2) AS t(a, b) NATURAL JOIN VALUES (2, 9) AS u(b, c)
SELECT t.*, u.c FROM VALUES (1, 2) AS t(a, b) JOIN VALUES ('2', 9) AS u(b, c) ON t.b = u.b
SELECT host FROM http WHERE host IN (SELECT query FROM dns) ORDER BY req_time
SELECT host FROM http WHERE host NOT IN (SELECT query FROM dns WHERE query IS NOT NULL) ORDER BY req_time
SELECT host FROM http WHERE host NOT IN (SELECT query FROM dns) ORDER BY req_time
SELECT host FROM http WHERE (host, c_ip) IN (SELECT query, c_ip FROM dns) ORDER BY req_time
SELECT host FROM http h WHERE EXISTS (SELECT 1 FROM dns d WHERE d.query = h.host) ORDER BY req_time
SELECT host FROM http h WHERE NOT EXISTS (SELECT * FROM dns d WHERE d.query = h.host AND d.c_ip = h.c_ip) ORDER BY req_time
SELECT host, (SELECT count(*) FROM dns d WHERE d.query = h.host) AS n FROM http h ORDER BY req_time
SELECT host FROM http WHERE response_body_len = (SELECT max(response_body_len) FROM http)
SELECT a FROM VALUES (1), (2), (null) AS t(a) WHERE a NOT IN (1, NULL)
SELECT x.host, x.n FROM (SELECT host, count(*) AS n FROM http GROUP BY host) x WHERE x.n > 1 ORDER BY x.n, x.host
WITH t AS (SELECT host, count(*) AS n FROM http GROUP BY host), u AS (SELECT max(n) AS m FROM t) SELECT t.host FROM t, u WHERE t.n = u.m ORDER BY t.host
WITH t(a, b) AS (SELECT host, status_code FROM http) SELECT a, max(b) AS m FROM t GROUP BY a ORDER BY a
SELECT host FROM http UNION SELECT query FROM dns ORDER BY host
SELECT host FROM http UNION ALL SELECT query FROM dns ORDER BY 1
SELECT host FROM http INTERSECT SELECT query FROM dns ORDER BY host
SELECT host FROM http EXCEPT SELECT query FROM dns ORDER BY host
SELECT host FROM http MINUS SELECT query FROM dns ORDER BY host
SELECT host FROM http EXCEPT ALL SELECT query FROM dns ORDER BY host
SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY a
SELECT 1 AS a UNION SELECT 'a' ORDER BY a
(SELECT host FROM http ORDER BY req_time LIMIT 2) UNION ALL (SELECT query FROM dns ORDER BY req_time LIMIT 1) ORDER BY host
SELECT * FROM (SELECT 1 AS a UNION SELECT 2) t ORDER BY a DESC LIMIT 1
SELECT a FROM VALUES (1), (2), (3) AS t(a) ORDER BY a LIMIT 1 OFFSET 1
SELECT a FROM VALUES (2), (1) AS t(a) SORT BY a
SELECT a FROM VALUES (2), (1) AS t(a) DISTRIBUTE BY a SORT BY a DESC
VALUES (1, 'a'), (2, 'b')
SELECT id FROM range(3) ORDER BY id
SELECT id * 2 AS x FROM range(1, 10, 4) ORDER BY x

-- windows
SELECT host, req_time, row_number() OVER (PARTITION BY host ORDER BY req_time) AS r FROM http ORDER BY host, req_time
SELECT a, rank() OVER (ORDER BY a) AS b, dense_rank() OVER (ORDER BY a) AS c, lag(a) OVER (ORDER BY a) AS d, lead(a, 1, 0) OVER (ORDER BY a) AS e, ntile(2) OVER (ORDER BY a) AS f, percent_rank() OVER (ORDER BY a) AS g, cume_dist() OVER (ORDER BY a) AS h FROM VALUES (1), (2), (2), (null) AS t(a) ORDER BY a, d
SELECT a, sum(a) OVER (ORDER BY a) AS b, avg(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS c, sum(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS d, first_value(a) OVER (ORDER BY a DESC) AS e, last_value(a) OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS f, nth_value(a, 2) OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS g, max(a) OVER () AS h FROM VALUES (1), (3), (4), (null) AS t(a) ORDER BY a
SELECT a, sum(a) OVER w AS s FROM VALUES (1), (2) AS t(a) WINDOW w AS (ORDER BY a) ORDER BY a
SELECT host, req_time - lag(req_time) OVER (PARTITION BY c_ip ORDER BY req_time) AS gap FROM http ORDER BY req_time
SELECT host, n FROM (SELECT host, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS r FROM http GROUP BY host) t WHERE r = 1 ORDER BY host
SELECT host, count(*) / sum(count(*)) OVER () AS share FROM http GROUP BY host ORDER BY host
SELECT a, last(b, true) OVER (ORDER BY a) AS l, first_value(b) IGNORE NULLS OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS f, lag(b) IGNORE NULLS OVER (ORDER BY a) AS g FROM VALUES (1, 'x'), (2, null), (3, 'y') AS t(a, b) ORDER BY a

-- arrays, maps, rows from them
SELECT query, answers[0] AS first, size(answers) AS n, element_at(answers, -1) AS last FROM dns ORDER BY req_time
SELECT query, a FROM dns LATERAL VIEW explode(answers) t AS a ORDER BY req_time, a
SELECT query, a FROM dns LATERAL VIEW OUTER explode(answers) t AS a ORDER BY req_time, a
SELECT query, p, a FROM dns LATERAL VIEW posexplode(answers) t AS p, a ORDER BY req_time, p
SELECT query, p, a FROM dns LATERAL VIEW OUTER posexplode(answers) t AS p, a ORDER BY req_time, p
SELECT a, count(*) AS n FROM dns LATERAL VIEW explode(answers) t AS a GROUP BY a ORDER BY n DESC, a
SELECT t.a, u.y FROM dns LATERAL VIEW explode(answers) t AS a LATERAL VIEW explode(answer_types) u AS y WHERE query = 'a.com' ORDER BY a, y
SELECT query, explode(answers) AS a FROM dns ORDER BY query, a
SELECT explode(array(1, 2)), 'x' AS y ORDER BY 1
SELECT posexplode(array('a', 'b'))
SELECT explode(map('a', 1, 'b', 2))
SELECT explode_outer(array()) AS e, 1 AS o
SELECT posexplode_outer(answers) AS (p, a) FROM dns WHERE query = 'none.org'
SELECT col FROM explode(array(3, 4)) ORDER BY col
SELECT array(1, 'a') AS a, array(1, 2.5) AS b, array() AS c, size(array(1, 2)) AS d, size(null) AS e, cardinality(array(1)) AS f, array(1, null)[1] AS g, array_size(array(1)) AS h, size(map('a', 1)) AS i, get(array(1, 2), 0) AS j, get(array(1), 5) AS k, cardinality(map('a', 1, 'b', 2)) AS l
SELECT array_contains(array(1, null), 2) AS a, array_contains(array(1, 2), 2) AS b, array_contains(array(1, 2), 3) AS c, array_distinct(array(1, 1, null, null, 2)) AS d, array_sort(array(3, 1, null)) AS e, sort_array(array(3, 1, null)) AS f, sort_array(array(3, 1, null), false) AS g, array_max(array(1, null, 3)) AS h, array_min(array(1, null, 3)) AS i, array_position(array(1, 2), 2) AS j, array_position(array(1, 2), 5) AS k, array_remove(array(1, 2, null), 2) AS l, array_repeat('a', 3) AS m
SELECT array_join(array('a', null, 'b'), ',') AS a, array_join(array('a', null, 'b'), ',', '-') AS b, array_join(array(), ',') AS c, array_union(array(1, 2), array(2, 3)) AS d, array_intersect(array(1, 2, 2), array(2, 3)) AS e, array_except(array(1, 2, 1), array(2, 3)) AS f, arrays_overlap(array(1, 2), array(2, 3)) AS g, arrays_overlap(array(1), array(2)) AS h, arrays_overlap(array(1, null), array(2)) AS i, flatten(array(array(1), array(2, 3))) AS j
SELECT slice(array(1, 2, 3), 2, 2) AS a, slice(array(1, 2, 3), -2, 2) AS b, slice(array(1, 2), 5, 1) AS c, sequence(1, 5) AS d, sequence(5, 1) AS e, sequence(1, 10, 3) AS f, reverse(array(1, 2)) AS g, array_append(array(1), 2) AS h, array_prepend(array(1), 2) AS i, array_compact(array(1, null)) AS j, concat(array(1), array(2)) AS k, array(1) || array(2, 3) AS l
SELECT transform(array(1, 2), x -> x + 1) AS a, transform(array(1, 2), (x, i) -> x * i) AS b, filter(array(1, 2, 3), x -> x > 1) AS c, exists(array(1, 2), x -> x > 1) AS d, exists(array(1, null), x -> x > 1) AS e, forall(array(1, 2), x -> x > 0) AS f, forall(array(1, null), x -> x > 0) AS g, filter(array(1, 2, 3), (x, i) -> i > 0) AS h
SELECT aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x) AS a, aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10) AS b, reduce(array(1, 2), 0, (a, x) -> a + x) AS c, zip_with(array(1, 2), array(3, 4), (x, y) -> x + y) AS d, zip_with(array(1), array(3, 4), (x, y) -> x + y) AS e
SELECT query, filter(answers, a -> a LIKE '10.%') AS f, transform(answers, a -> upper(a)) AS t, exists(answers, a -> a = '1.2.3.4') AS e, aggregate(answer_ttls, 0L, (s, x) -> s + x) AS s FROM dns ORDER BY req_time
SELECT map('a', 1)['a'] AS a, element_at(map('a', 1), 'a') AS b, map_keys(map('a', 1)) AS c, map_values(map('a', 1)) AS d, map_contains_key(map('a', 1), 'a') AS e
SELECT query, array_join(answers, ' ') AS j, concat_ws(',', answers) AS c, array_contains(answers, '1.2.3.4') AS h FROM dns ORDER BY req_time

-- times
SELECT from_unixtime(1488326400) AS a, from_unixtime(1488326400.9D) AS b, from_unixtime(1488326400, 'yyyy-MM-dd HH') AS c, from_unixtime('1488326400') AS d, from_unixtime(1488326400, 'EEE dd/MMM/yyyy') AS e, from_unixtime(null) AS f
SELECT unix_timestamp('2017-03-01 00:00:00') AS a, unix_timestamp('2017/03/01', 'yyyy/MM/dd') AS b, to_unix_timestamp('2017-03-01 00:00:00') AS c, unix_timestamp(timestamp'2017-03-01 00:00:00') AS d, unix_timestamp('nope') AS e, unix_timestamp(date'2017-03-01') AS f
SELECT to_timestamp('2017-03-01 10:00:00') AS a, to_timestamp(1488326400.5) AS b, timestamp_seconds(1488326400) AS c, timestamp_millis(1488326400123) AS d, to_timestamp('01/03/2017 10', 'dd/MM/yyyy HH') AS e, to_timestamp('x') AS f, timestamp_micros(1488326400123456) AS g, to_timestamp(date'2020-01-01') AS h
SELECT to_date('2020-03-05') AS a, to_date('05/03/2020', 'dd/MM/yyyy') AS b, to_date('2020-03-05 10:00:00') AS c, to_date('nope') AS d, to_date(timestamp'2020-03-05 10:00:00') AS e, date(from_unixtime(1488326400)) AS f, to_date(date'2020-01-01') AS g
SELECT date_format(timestamp'2020-03-05 10:11:12.5', 'yyyy/MM/dd EEE HH:mm:ss') AS a, date_format(date'2020-03-05', 'MMM d') AS b, date_format('2020-03-05', 'yyyy') AS c, date_format(from_unixtime(1488326400), 'HH:mm') AS d, date_format(cast(req_time AS timestamp), 'yyyy-MM-dd HH:00') AS e FROM http ORDER BY req_time
SELECT cast('2020-1-5' AS date) AS a, cast('2020' AS date) AS b, cast('2020-01-05 10:11:12' AS date) AS c, cast('20200105' AS date) AS d, cast('2020-01-05T10:11:12.5Z' AS timestamp) AS e, cast(1488326400 AS timestamp) AS f, cast(1488326400.75D AS timestamp) AS g, cast(timestamp'2020-01-01 00:00:00.9' AS bigint) AS h, cast(timestamp'2020-01-01 00:00:00.9' AS double) AS i, cast(date'2020-01-01' AS string) AS j, cast(timestamp'2020-01-01 00:00:00.50' AS string) AS k, cast(date'2020-01-01' AS timestamp) AS l, cast(timestamp'2020-01-01 23:00:00' AS date) AS m, cast('2020-01-05 10:11:12+02:00' AS timestamp) AS n
SELECT dayofweek(d) AS a, dayofmonth(d) AS b, day(d) AS c, month(d) AS d, year(d) AS e, quarter(d) AS f, weekofyear(d) AS g, dayofyear(d) AS h, weekday(d) AS i, last_day(d) AS j, add_months(d, 1) AS k, datediff(d, '2020-03-01') AS l, date_add(d, 3) AS m, date_sub(d, 3) AS n, date_diff(d, '2020-01-01') AS o, dateadd(d, 1) AS p FROM VALUES (date'2020-03-05'), (date'2020-03-01'), (date'2019-12-30'), (date'2020-01-31') AS t(d) ORDER BY d
SELECT hour('2020-01-01 10:11:12') AS a, minute(timestamp'2020-01-01 10:11:12') AS b, second(timestamp'2020-01-01 10:11:12.7') AS c, minute('abc') AS d, hour(cast(1488330000.5D AS timestamp)) AS e, unix_date(date'2020-01-01') AS f, date_from_unix_date(5) AS g, make_date(2020, 2, 30) AS h, make_date(2020, 2, 29) AS i, dayname(date'2020-03-05') AS j, monthname(date'2020-03-05') AS k, unix_seconds(timestamp'2017-03-01 00:00:00') AS l, unix_millis(timestamp'1970-01-01 00:00:01') AS m, unix_micros(timestamp'1970-01-01 00:00:01') AS n
SELECT extract(year FROM d) AS a, extract(week FROM d) AS b, date_part('month', d) AS c, datepart('dow', d) AS d, extract(dayofweek_iso FROM d) AS e, extract(doy FROM d) AS f, extract(hour FROM timestamp'2020-03-05 10:11:12.5') AS g, extract(second FROM timestamp'2020-03-05 10:11:12.5') AS h, extract(minute FROM '2020-03-05 10:11:12') AS i, extract(quarter FROM d) AS j, extract(day FROM d) AS k FROM VALUES (date'2020-03-05') AS t(d)
SELECT date_trunc('hour', timestamp'2020-03-05 10:11:12.5') AS a, date_trunc('week', date'2020-03-05') AS b, date_trunc('xx', date'2020-03-05') AS c, trunc(date'2020-03-05', 'MM') AS d, trunc(date'2020-03-05', 'week') AS e, trunc('2020-03-05', 'year') AS f, trunc(date'2020-03-05', 'xx') AS g, date_trunc('DAY', '2020-03-05 10:11:12') AS h, date_trunc('minute', cast(1488326461 AS timestamp)) AS i, trunc(date'2020-05-05', 'quarter') AS j
SELECT date'2020-01-05' + 1 AS a, date'2020-01-05' - 1 AS b, 1 + date'2020-01-05' AS c, date'2020-01-05' + interval 1 day AS d, date'2020-01-05' + interval 1 hour AS e, timestamp'2020-01-05 00:00:00' - interval 1 month AS f, date'2020-01-31' + interval 1 month AS g, timestamp'2020-01-05 00:00:00' + interval 90 minutes AS h, date'2020-01-05' - interval '2' day AS i, interval 1 week + date'2020-01-05' AS j
SELECT date'2020-01-05' < '2020-01-06' AS a, date'2020-01-01' < timestamp'2020-01-01 01:00:00' AS b, '2020-01-01' < date'2020-01-02' AS c, date'2020-01-01' = timestamp'2020-01-01 00:00:00' AS d
SELECT current_date() = current_date AS a, now() IS NOT NULL AS b, current_timestamp() > timestamp'2020-01-01 00:00:00' AS c, unix_timestamp() > 1500000000 AS d, curdate() = current_date() AS e
SELECT cast(from_unixtime(req_time) AS date) AS day, count(*) AS n FROM http GROUP BY cast(from_unixtime(req_time) AS date) ORDER BY day
SELECT hour(from_unixtime(req_time)) AS h, count(*) AS n FROM http GROUP BY h ORDER BY h

-- queries as in the documentation and in notebooks
SELECT host, SUM(response_body_len) AS traffic FROM http GROUP BY host ORDER BY SUM(response_body_len)
SELECT c_ip, count(DISTINCT host) AS hosts, round(avg(response_body_len), 1) AS mean, max(resp_time - req_time) AS slow FROM http WHERE status_code IS NOT NULL GROUP BY c_ip ORDER BY hosts DESC, c_ip
SELECT regexp_extract(host, '([^.]+\\.[^.]+)$', 1) AS domain, count(*) AS n FROM http WHERE host IS NOT NULL GROUP BY 1 ORDER BY n DESC, domain
SELECT coalesce(content_type, '-') AS type, round(sum(response_body_len) / 1e3, 3) AS kb FROM http GROUP BY coalesce(content_type, '-') ORDER BY kb DESC, type
SELECT query, count(*) AS n, collect_set(resp_code)[0] AS code FROM dns GROUP BY query HAVING count(*) >= 1 ORDER BY query
SELECT percentile_approx(resp_time - req_time, 0.95) AS p95, avg(resp_time - req_time) AS mean FROM dns
SELECT date_format(cast(cast(req_time AS bigint) AS timestamp), 'yyyy-MM-dd') AS day, method, count(*) AS requests FROM http GROUP BY day, method ORDER BY day, method
SELECT lower(split(path, '\\?')[0]) AS page, count(*) AS hits, sum(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) AS errors FROM http GROUP BY lower(split(path, '\\?')[0]) ORDER BY hits DESC, page
SELECT a.c_ip, a.host FROM http a JOIN (SELECT c_ip, max(req_time) AS t FROM http GROUP BY c_ip) b ON a.c_ip = b.c_ip AND a.req_time = b.t ORDER BY a.c_ip
SELECT count(*) AS n, count(DISTINCT c_ip, host) AS pairs, approx_count_distinct(host) AS hosts FROM http
SELECT ip, count(*) AS n FROM dns LATERAL VIEW explode(answers) e AS ip WHERE ip RLIKE '^[0-9.]+$' GROUP BY ip ORDER BY ip
SELECT status_code DIV 100 AS class, count(*) AS n FROM http GROUP BY status_code DIV 100 ORDER BY class
SELECT s_port, array_sort(collect_set(host)) AS hosts FROM http GROUP BY s_port ORDER BY s_port

-- more functions
SELECT mode(a) AS a FROM VALUES (1), (2), (2), (10) AS t(a)
SELECT next_day(date'2020-03-05', 'Mon') AS a, next_day('2020-03-05', 'thursday') AS b, next_day(date'2020-03-05', 'xx') AS c
SELECT parse_url('http://h.com/p?q=1', 'HOST') AS a, parse_url('http://h.com/p?q=1', 'QUERY', 'q') AS b, parse_url('http://h.com/p?q=1', 'PATH') AS c, format_number(1234567.891D, 2) AS d, format_number(5, 0) AS e, elt(3, 'a', 'b') AS f, find_in_set('a,b', 'a,b') AS g, initcap('') AS h, chr(-1) AS i
SELECT asn IS NULL AS a FROM VALUES (1) AS t(asn)
SELECT shiftleft(1L, 63) AS a, shiftleft(3L, 63) AS b, shiftrightunsigned(-1L, 1) AS c, shiftright(-8L, 1) AS d, shiftleft(-1, 31) AS e, shiftrightunsigned(-1, 0) AS f, 1 >>> 1 AS g, shiftleft(5L, 64) AS h
SELECT flatten(array(array(1), null)) AS a, map_keys(map('a', 1, 'b', 2)) AS b, map_values(map(1, 'x')) AS c, mean(2) AS d, ceil(2.000D) AS e, cast(1.999D AS decimal(3,2)) AS f, cast(1e10D AS decimal(5,2)) AS g
SELECT character_length('é') AS a, ceiling(5) AS b, array_sort(array('b', null, 'a')) AS c, positive('5') AS d, atan(1) AS e, sha2('abc', 0) AS f, rlike('a', 'a') AS g
SELECT first_value(a) AS a, last_value(a) IS NOT NULL AS b FROM VALUES (1) AS t(a)
SELECT lag(a, 1, 0) OVER (ORDER BY a) AS x, lead(a) OVER (ORDER BY a) AS y, rank() OVER (ORDER BY a) AS r FROM VALUES (5), (6) AS t(a) ORDER BY a
SELECT explode(answers) AS a FROM dns WHERE size(answers) > 1 ORDER BY a
SELECT sum(x) AS s FROM (SELECT explode(answer_ttls) AS x FROM dns) t
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY c_ip ORDER BY req_time DESC) AS rn FROM http) t WHERE rn = 1 ORDER BY c_ip
SELECT host, count(*) AS n FROM http WHERE req_time >= 1488326400 AND req_time < 1488330000 GROUP BY host ORDER BY n DESC, host LIMIT 10
SELECT host, 100 * count(*) / (SELECT count(*) FROM http) AS pct FROM http GROUP BY host ORDER BY host
SELECT h1.c_ip, h2.c_ip AS other FROM http h1 JOIN http h2 ON h1.host = h2.host AND h1.c_ip < h2.c_ip ORDER BY 1, 2
SELECT coalesce(sum(request_body_len), 0) AS s, avg(request_body_len) AS a, count(request_body_len) AS c FROM http WHERE method = 'GET'
SELECT host LIKE 'a%' AS is_a, count(*) AS n FROM http GROUP BY host LIKE 'a%' ORDER BY is_a
SELECT concat(host, ':', s_port) AS hp, count(*) AS n FROM http GROUP BY concat(host, ':', s_port) ORDER BY hp
SELECT round(req_time) AS r, round(req_time, 1) AS s, cast(req_time AS bigint) AS b, cast(req_time AS string) AS t, floor(req_time) AS f, ceil(req_time) AS c FROM http ORDER BY req_time
SELECT max(length(path)) AS m, min(lower(host)) AS n, count(DISTINCT lower(user_agent)) AS u FROM http
SELECT from_utc_timestamp('2017-07-14 02:40:00', 'Europe/Rome') AS a, to_utc_timestamp('2017-07-14 02:40:00', '+05:30') AS b, from_utc_timestamp(timestamp'2017-01-01 00:00:00', 'UTC') AS c, to_utc_timestamp(null, 'UTC') AS d

-- hashes, bytes
SELECT hash('a') AS a, hash(1) AS b, hash(1L) AS c, hash('a', 1, null) AS d, hash(null) AS e, hash(true) AS f, hash(1.5D) AS g, hash(date'2020-01-01') AS i, hash(timestamp'2020-01-01 00:00:00') AS j, hash(-0.0D) AS k, hash(1Y) AS l, hash('é€𝄞 longer than eight') AS m
SELECT xxhash64('a') AS a, xxhash64(1) AS b, xxhash64(1L) AS c, xxhash64('a', 1, null) AS d, xxhash64(null) AS e, xxhash64(true) AS f, xxhash64(1.5D) AS g, xxhash64(date'2020-01-01') AS i, xxhash64(timestamp'2020-01-01 00:00:00') AS j, xxhash64('é€𝄞 longer than thirty-two bytes in a row') AS k, xxhash64('') AS l
SELECT host, hash(host, c_ip) AS h, xxhash64(host, status_code) AS x FROM http ORDER BY req_time
SELECT cast(unhex('616263') AS string) AS b, decode(unhex('616263'), 'UTF-8') AS c, hex(unhex('abc')) AS d, cast(unbase64('YWJj') AS string) AS e, hex(encode('é', 'UTF-8')) AS f, unhex('xx') AS g, hex(null) AS h, base64(null) AS i
SELECT hex(X'1F2f') AS a, base64(X'616263') AS b, md5(X'616263') AS c, sha1(X'61') AS d, length(X'C3A9') AS f, octet_length(X'C3A9') AS g, cast(unhex('C3A9') AS string) AS h, unhex('1') = X'01' AS i, sha(X'61') AS j

-- parts of URLs, JSON, other texts
SELECT url_encode('a-b_c.d*e~f g/h?é&') AS a, url_decode('%C3%A9+%2b') AS b, url_decode('plain') AS c, url_encode('') AS d, url_encode(null) AS e, try_url_decode('a%2') AS f, try_url_decode('a%20') AS g, try_url_decode('%zz') AS h
SELECT url_decode('a%2')
SELECT json_array_length('[1,{"a":2}]') AS a, json_array_length('{"a":1}') AS b, json_array_length('x') AS c, json_object_keys('{"a":1,"b":{"c":2}}') AS d, json_object_keys('[1]') AS e, json_object_keys('x') AS f, json_array_length(null) AS g, json_array_length('[]') AS h
SELECT json_tuple('{"a":1,"b":"x","c":[1,{"d":2}],"e":1.50,"f":true,"g":null,"h":"q\\"r","i":1e3,"j":12345678901234567890}', 'a', 'b', 'c', 'e', 'f', 'g', 'h', 'i', 'j', 'k')
SELECT host, a, b FROM http LATERAL VIEW json_tuple('{"a":1,"b":"x"}', 'a', 'b') t AS a, b ORDER BY host
SELECT str_to_map('a:1,b', ',', ':')['b'] AS a, str_to_map('k1=v1;k2=v2=x', ';', '=')['k2'] AS b, map_keys(str_to_map('', ',', ':')) AS c, map_keys(str_to_map(',a', ',', ':')) AS d, str_to_map(null) AS e, str_to_map('a:1,b:2,c:3') AS f, str_to_map('a') AS g
SELECT map_keys(str_to_map('a:1,a:2'))
SELECT overlay('Spark SQL', '_', 6) AS a, overlay('Spark SQL' PLACING 'ANSI ' FROM 7 FOR 0) AS b, overlay('é€x' PLACING 'tructured' FROM 2 FOR 4) AS c, overlay('abc' PLACING 'X' FROM 9) AS d, overlay('abc' PLACING 'X' FROM 0) AS e, overlay('abc' PLACING 'X' FROM -1) AS f, overlay(null, 'x', 1) AS g, overlay('abc', 'X', 2, -1) AS h, overlay('abcdef' PLACING 'X' FROM -3) AS i
SELECT decode(2, 1, 'Southlake', 2, 'San Francisco', 'other') AS a, decode(6, 1, 'a', 2, 'b') AS b, decode(null, 6, 'Spark', null, 'SQL', 4, 'rocks') AS c
SELECT regexp_substr('a1b22', '\\d+') AS a, regexp_substr('abc', '\\d+') AS b, regexp_instr('a1b22', '\\d+') AS c, regexp_instr('abc', '\\d+') AS d, regexp_instr('éa1', '\\d') AS e, regexp_substr(null, 'a') AS f, regexp_instr('a\nb1', '\\d') AS g, regexp_instr('xab', '(a)b') AS h, regexp_instr('aab', 'b|a') AS i, regexp_instr(path, '[?]') AS j FROM http ORDER BY req_time

-- conditions, numbers
SELECT equal_null(1, null) AS a, equal_null(null, null) AS b, nullifzero(5) AS c, nullifzero(0.0) AS d, zeroifnull(cast(null AS int)) AS e, zeroifnull(3) AS f, div(7, 2) AS g, getbit(11, 1) AS h, bit_get(11, 2) AS i, current_timezone() AS j, nullifzero(0D) AS k
SELECT try_divide(6, 3) AS a, try_divide(1.0, 3) AS b, try_add(1, 2) AS c, try_add(9223372036854775807, 1) AS d, try_subtract(-2147483648, 1) AS e, try_multiply(2147483647, 2) AS f, try_add(date'2020-01-01', 1) AS g, try_add(1.5D, 1) AS h, try_mod(5, 0) AS i, try_divide(1, 0) AS j
SELECT try_sum(a) AS a, try_avg(a) AS b FROM VALUES (9223372036854775807), (1) AS t(a)
SELECT try_sum(a) AS a, try_avg(a) AS b FROM VALUES (1.5), (1) AS t(a)
SELECT log1p(1e-10) AS a, expm1(1e-10) AS b, sinh(1e-10) AS c, tanh(1e-10) AS d, asinh(1e-10) AS e, atanh(1) AS f, acosh(0.5) AS g, cot(0) AS h, sec(0) AS i, csc(0) AS j, expm1(-50) AS k, log1p(-0.5) AS l, log1p(1e300) AS m, sinh(800) AS n, atanh(2) AS o, cosh(1) AS p, cot(1) AS q, csc(1) AS r, acosh(2) AS s, expm1(800) AS t, log1p(double('inf')) AS u, expm1(1) AS v
SELECT width_bucket(5.3, 0.2, 10.6, 5) AS a, width_bucket(-2.1, 1.3, 3.4, 3) AS b, width_bucket(8.1, 0, 5.7, 4) AS c, width_bucket(-0.9, 5.2, 0.5, 2) AS d, width_bucket(1, 1, 1, 2) AS e, width_bucket(5, 10, 0, 5) AS f, width_bucket(10, 0, 10, 5) AS g, width_bucket(1, 0, 10, 0) AS h

-- times
SELECT months_between('1997-02-28 10:30:00', '1996-10-30') AS a, months_between('2020-03-31', '2020-02-29') AS b, months_between('2020-03-15', '2020-02-15') AS c, months_between('2020-03-15 12:00:00', '2020-02-14', false) AS d, months_between(null, '2020-01-01') AS e, months_between('2020-01-01', '2020-03-05') AS f
SELECT months_between(timestamp'2020-02-29 12:00:00', timestamp'2020-01-31 06:00:00') AS a, months_between(date'2020-02-28', date'2020-01-31') AS b, months_between('2020-05-31', '2020-02-29', true) AS c, months_between(timestamp'2020-01-10 00:00:01.9', timestamp'2020-01-09 00:00:01.1', false) AS d, months_between(date'1969-12-31', date'1970-01-02') AS e
SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887) AS a, make_timestamp(2019, 6, 30, 23, 59, 60) AS b, make_timestamp(2019, 13, 1, 10, 11, 12) AS c, make_timestamp(null, 7, 22, 15, 30, 0) AS d, make_timestamp(2014, 12, 28, 6, 30, 45.887, 'CET') AS e, make_timestamp(2020, 1, 1, 0, 0, 59) AS f
SELECT timestampdiff(month, timestamp'2020-01-31 00:00:00', timestamp'2020-02-29 00:00:00') AS a, timestampdiff(month, timestamp'2020-03-31 00:00:00', timestamp'2020-02-29 00:00:00') AS b, timestampdiff(month, timestamp'2020-01-15 12:00:00', timestamp'2020-02-15 11:00:00') AS c, timestampdiff(quarter, date'2020-01-15', date'2021-01-14') AS d, timestampdiff(year, date'2020-02-29', date'2021-02-28') AS e, timestampdiff(day, timestamp'2020-01-02 00:00:00', timestamp'2020-01-01 12:00:00') AS f, timestampdiff(microsecond, timestamp'2020-01-01 00:00:00', timestamp'2020-01-01 00:00:00.000123') AS g, timestampdiff(millisecond, timestamp'2020-01-01 00:00:00', timestamp'2020-01-01 00:00:01.5') AS h
SELECT datediff(month, date'2020-01-15', date'2020-03-14') AS f, date_diff(week, date'2020-01-01', date'2020-01-20') AS g, timestampdiff(second, timestamp'2020-01-02 00:00:00', timestamp'2020-01-01 23:59:58.5') AS h, datediff(hour, timestamp'2020-01-01 00:00:00', timestamp'2020-01-02 12:30:00') AS i
SELECT timestampadd(month, 1, timestamp'2020-01-31 10:00:00') AS a, timestampadd(year, -1, date'2020-02-29') AS b, date_add(week, 2, date'2020-01-01') AS c, dateadd(quarter, 1, date'2020-01-31') AS d, timestampadd(microsecond, 5, timestamp'2020-01-01 00:00:00') AS e, timestampadd(dayofyear, 5, date'2020-01-01') AS f, timestampadd(millisecond, null, date'2020-01-01') AS g, dateadd(day, 3, date'2020-01-01') AS h
SELECT timestamp'2020-01-02 00:00:00' - timestamp'2020-01-01 00:00:00' > interval 1 hour AS a, date'2020-03-01' - date'2020-02-01' = interval 29 days AS b, date'2020-03-01' - timestamp'2020-02-29 12:00:00' < interval 1 day AS c, date'2020-01-05' + (date'2020-01-03' - date'2020-01-01') AS d, timestamp'2020-01-05 00:00:00' + (timestamp'2020-01-03 01:00:00' - timestamp'2020-01-01 00:00:00') AS e
SELECT date_trunc('MINUTE', timestamp_seconds(req_time)) AS m, count(*) AS n FROM http GROUP BY 1 ORDER BY 1
SELECT timestamp_seconds(1.25D) AS a, timestamp_seconds(double('nan')) AS b, timestamp_seconds(-0.5D) AS c, timestamp_seconds(1230219000) AS d
SELECT sequence(date'2020-01-31', date'2020-05-31', interval 1 month) AS a, sequence(date'2020-01-01', date'2020-01-10', interval 3 days) AS b, sequence(date'2020-01-03', date'2020-01-01') AS c, sequence(timestamp'2020-01-01 00:00:00', timestamp'2020-01-02 12:00:00') AS d, sequence(date'2020-01-01', date'2021-06-01', interval 1 year) AS e
SELECT sequence(date'2020-01-01', null) AS a, sequence(date'2020-01-01', date'2020-03-01', interval 1 week) AS b, sequence(timestamp'2020-01-01 00:30:00', timestamp'2020-01-01 02:00:00', interval 30 minutes) AS c, sequence(timestamp'2020-01-31 10:00:00', timestamp'2020-03-31 09:00:00', interval 1 month) AS d
SELECT sequence(date'2020-01-01', date'2020-01-02', interval 12 hours) AS a
SELECT explode(sequence(date'2020-01-01', date'2020-01-03', interval 1 day)) AS d

-- arrays, structs, maps
SELECT array_insert(array(1, 2, 3, 4), 5, 5) AS a, array_insert(array(5, 4, 3, 2), -1, 1) AS b, array_insert(array(5, 3, 2, 1), -4, 4) AS c, array_insert(array(1,2), 5, 9) AS d, array_insert(array(1,2), -5, 9) AS e, array_insert(array(1, null), 1, null) AS f, array_insert(cast(null AS array<int>), 1, 2) AS g, array_insert(array('a'), 1, 'b') AS h
SELECT array_insert(array(1,2), 0, 9)
SELECT arrays_zip(array(1, 2), array(2, 3)) AS a, arrays_zip(array(1, 2, 3), array('a')) AS b, arrays_zip(array(1), cast(null AS array<int>)) AS c
SELECT query, z.answers, z.answer_ttls FROM dns LATERAL VIEW explode(arrays_zip(answers, answer_ttls)) t AS z ORDER BY query, z.answers
SELECT explode(arrays_zip(answers, answer_ttls)) AS z FROM dns ORDER BY query
SELECT query, x, y FROM dns LATERAL VIEW inline(arrays_zip(answers, answer_ttls)) t AS x, y ORDER BY query, x
SELECT query, x, y FROM dns LATERAL VIEW OUTER inline(arrays_zip(answers, answer_ttls)) t AS x, y ORDER BY query, x
SELECT query, x, y FROM dns LATERAL VIEW inline_outer(arrays_zip(answers, answer_ttls)) t AS x, y ORDER BY query, x
SELECT inline(array(struct(1, 'a'), struct(2, 'b')))
SELECT inline(array(named_struct('x', 1, 'y', 'a'))) AS (p, q)
SELECT array_sort(array(5, 6, 1), (l, r) -> CASE WHEN l < r THEN -1 WHEN l > r THEN 1 ELSE 0 END) AS a, array_sort(array('bc', 'ab', 'dc'), (l, r) -> CASE WHEN l IS NULL AND r IS NULL THEN 0 WHEN l IS NULL THEN -1 WHEN r IS NULL THEN 1 WHEN l < r THEN 1 WHEN l > r THEN -1 ELSE 0 END) AS b
SELECT array_sort(array(3, null, 1), (a, b) -> CASE WHEN a IS NULL THEN 1 WHEN b IS NULL THEN -1 WHEN a < b THEN -1 WHEN a > b THEN 1 ELSE 0 END) AS a, array_sort(array('ccc', 'b', 'aa', 'dd'), (x, y) -> length(x) - length(y)) AS b, array_sort(cast(null AS array<int>), (a, b) -> a - b) AS c
SELECT array_sort(array(1, 2), (a, b) -> cast(null AS int)) AS a
SELECT aggregate(array(1,2,3), '', (acc, x) -> concat(acc, cast(x AS string))) AS a, aggregate(array('a','bb'), 0, (acc, x) -> acc + length(x)) AS b, aggregate(array('a','bb'), 0, (acc, x) -> acc + length(x), acc -> acc / 2) AS c, aggregate(cast(null AS array<string>), 0, (acc, x) -> acc + 1) AS d, aggregate(array(cast(null AS string)), 0, (acc, x) -> acc + length(x)) AS e, aggregate(array('x','y'), named_struct('n', 0, 's', ''), (acc, x) -> named_struct('n', acc.n + 1, 's', concat(acc.s, x)), acc -> concat(acc.s, acc.n)) AS g
SELECT struct(1, 'a').col1 AS a, named_struct('x', 1, 'y', 'b').y AS b, struct(status_code AS s, host).host AS c, struct(host, upper(host)).col2 AS d, named_struct('a', 1, 'b', array(1,2)).b[1] AS e FROM http ORDER BY req_time LIMIT 2
SELECT struct(1, 'a') AS s, named_struct('x', 1, 'y', array(true, null)) AS n, map('a', 1, 'b', null) AS m, array(struct(1.5D AS d, cast(null AS string) AS t)) AS l
SELECT typeof(struct(1, 'a')) AS a, typeof(named_struct('x', array(1))) AS b, typeof(arrays_zip(answers, answer_ttls)) AS c FROM dns LIMIT 1
SELECT named_struct('a', 1) = named_struct('a', 1) AS a, struct(1, null) = struct(1, null) AS b, struct(1, 2) < struct(1, 3) AS c, named_struct('a', 1, 'b', null) <=> named_struct('a', 1, 'b', null) AS d, struct(1, cast(null AS int)) < struct(1, 0) AS e, struct(2, cast(null AS int)) > struct(1, 5) AS f
SELECT max(struct(response_body_len, host)).host AS a, min(named_struct('t', req_time, 'h', host)).h AS b, min(struct(response_body_len, host)).host AS c, max(struct(host, req_time)) AS d, min(struct(host, req_time)) AS e FROM http
SELECT method, max(struct(response_body_len, host)).host AS a FROM http GROUP BY method ORDER BY method
SELECT transform(sort_array(collect_list(struct(response_body_len, host))), x -> x.host) AS a, transform(sort_array(collect_list(struct(host, req_time)), false), x -> x.host) AS b FROM http
SELECT host, row_number() OVER (ORDER BY struct(response_body_len, req_time)) AS n FROM http ORDER BY n
SELECT (1, null) IN ((1, null)) AS a, (1, 2) IN ((1, 2), (3, 4)) AS b, (1, 2) IN ((2, 2)) AS c, (1, null) IN ((2, 2)) AS d, (1, 'a') NOT IN ((1, 'b')) AS e, (1, 2) IN ((1, null)) AS f, (1, '2') IN ((1, 2)) AS g
SELECT host, c_ip FROM http WHERE (host, c_ip) IN (('a.com', '10.0.0.1'), ('b.org', '10.0.0.2')) ORDER BY req_time
SELECT map_keys(map_from_arrays(array(1, 2), array('a', 'b'))) AS a, map_from_arrays(array(1, 2), array('a', null))[2] AS b, map_keys(map_concat(map(1, 'a'), map(2, 'b'), map(3, 'c'))) AS c, map_entries(map('a', 1, 'b', 2))[1].key AS d, map_values(map_from_entries(array(struct(1, 'x'), struct(2, 'y')))) AS e, map_keys(map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v)) AS f, map_values(transform_values(map(1, 1, 2, 2), (k, v) -> k + v)) AS g, map_keys(transform_keys(map(1, 1, 2, 2), (k, v) -> k * 10)) AS h, map_entries(map('a', 1)) AS i
SELECT stack(2, 'a', request_body_len, 'b', response_body_len) AS (k, v) FROM http ORDER BY k, v
SELECT stack(2, 1, 2, 3)
SELECT host, t.k, t.v FROM http LATERAL VIEW stack(2, 'req', request_body_len, 'resp', response_body_len) t AS k, v ORDER BY host, k, v

-- aggregates
SELECT skewness(response_body_len) AS a, kurtosis(response_body_len) AS b, skewness(status_code) AS c, kurtosis(status_code) AS d, skewness(req_time - 1488326400) AS e, kurtosis(req_time - 1488326400) AS f FROM http
SELECT skewness(a) AS a, kurtosis(a) AS b FROM VALUES (0.1D),(0.1D),(0.1D) AS t(a)
SELECT skewness(a) AS a, kurtosis(a) AS b FROM VALUES (1) AS t(a)
SELECT skewness(a) AS a, kurtosis(a) AS b, skewness(DISTINCT a) AS c FROM VALUES (1),(2),(2),(null) AS t(a)
SELECT skewness(a) AS a, kurtosis(a) AS b FROM VALUES (1),(2),(4),(9) AS t(a) WHERE a > 100
SELECT regr_slope(response_body_len, status_code) AS a, regr_count(response_body_len, status_code) AS b, regr_r2(response_body_len, status_code) AS c, regr_intercept(response_body_len, status_code) AS d, regr_avgx(response_body_len, status_code) AS e, regr_sxx(response_body_len, status_code) AS f, regr_avgy(response_body_len, status_code) AS g, regr_sxy(response_body_len, status_code) AS h, regr_syy(response_body_len, status_code) AS i FROM http
SELECT regr_slope(a, b) AS s, regr_r2(a, b) AS r, regr_intercept(a, b) AS i, regr_sxx(a, b) AS x, regr_sxy(a, b) AS xy, regr_syy(a, b) AS yy, regr_count(a, b) AS n, regr_avgx(a, b) AS ax, regr_avgy(a, b) AS ay FROM VALUES (1, 2), (2, 2) AS t(a, b)
SELECT regr_slope(a, b) AS s, regr_r2(a, b) AS r, regr_intercept(a, b) AS i, regr_sxx(a, b) AS x, regr_sxy(a, b) AS xy, regr_syy(a, b) AS yy, regr_count(a, b) AS n, regr_avgx(a, b) AS ax, regr_avgy(a, b) AS ay FROM VALUES (2, 1), (2, 2), (null, 7), (3, null) AS t(a, b)
SELECT regr_slope(a, b) AS s, regr_r2(a, b) AS r, regr_intercept(a, b) AS i, regr_sxx(a, b) AS x, regr_count(a, b) AS n FROM VALUES (2, 1) AS t(a, b) WHERE a > 5
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY response_body_len) AS a, percentile_disc(0.5) WITHIN GROUP (ORDER BY response_body_len) AS b, percentile_cont(0.25) WITHIN GROUP (ORDER BY response_body_len DESC) AS c, percentile_disc(0.25) WITHIN GROUP (ORDER BY response_body_len DESC) AS d, percentile_cont(array(0.1, 0.5)) WITHIN GROUP (ORDER BY response_body_len) AS e, percentile_cont(0.5) WITHIN GROUP (ORDER BY response_body_len) FILTER (WHERE status_code = 200) AS f FROM http
SELECT host, percentile_cont(0.9) WITHIN GROUP (ORDER BY response_body_len) AS a, percentile_disc(0.5) WITHIN GROUP (ORDER BY response_body_len) AS b FROM http GROUP BY host ORDER BY host
SELECT listagg(host) WITHIN GROUP (ORDER BY host DESC) AS a, string_agg(host, ';') WITHIN GROUP (ORDER BY req_time) AS b, listagg(DISTINCT host, ',') WITHIN GROUP (ORDER BY host) AS c FROM http
SELECT method, listagg(status_code, ',') WITHIN GROUP (ORDER BY status_code) AS a FROM http GROUP BY method ORDER BY method

-- QUALIFY, PIVOT, UNPIVOT
SELECT host, req_time FROM http QUALIFY row_number() OVER (PARTITION BY host ORDER BY req_time) = 1 ORDER BY host
SELECT host, row_number() OVER (PARTITION BY host ORDER BY req_time) AS n FROM http QUALIFY n = 1 ORDER BY host
SELECT method, count(*) AS n FROM http GROUP BY method QUALIFY rank() OVER (ORDER BY count(*) DESC, method) <= 2 ORDER BY method
SELECT method, sum(n) AS s FROM (SELECT method, 1 AS n FROM http) GROUP BY method QUALIFY row_number() OVER (ORDER BY method) = 1
SELECT method, count(*) AS n, rank() OVER (ORDER BY count(*) DESC, method) AS r FROM http GROUP BY method QUALIFY r <= 2 ORDER BY method
SELECT DISTINCT host FROM http QUALIFY count(*) OVER (PARTITION BY host) > 1 ORDER BY host
SELECT host AS method FROM http QUALIFY method = 'GET' AND count(*) OVER () > 0 ORDER BY req_time
SELECT host FROM http QUALIFY host = 'a.com'
SELECT host FROM http WINDOW w AS (PARTITION BY host) QUALIFY count(*) OVER w > 1 ORDER BY req_time
SELECT * FROM (SELECT method, host, response_body_len AS n FROM http) PIVOT (sum(n) FOR method IN ('GET', 'POST')) ORDER BY host
SELECT * FROM (SELECT method, host, response_body_len AS n FROM http) PIVOT (sum(n) AS s, count(*) AS c FOR method IN ('GET' AS g, 'POST' AS p)) ORDER BY host
SELECT * FROM (SELECT method, status_code, host, response_body_len AS n FROM http) PIVOT (max(n) FOR (method, status_code) IN (('GET', 200) AS a, ('GET', 404) AS b)) ORDER BY host
SELECT * FROM (SELECT method, response_body_len AS n FROM http) PIVOT (sum(n) / count(*) AS m, avg(n) FOR method IN ('GET', 'HEAD'))
SELECT * FROM (SELECT status_code, c_ip, response_body_len AS n FROM http) PIVOT (count(n) FOR status_code IN (200, 404, null)) ORDER BY c_ip
SELECT g, count(*) AS n FROM (SELECT method, host, 1 AS one FROM http) PIVOT (sum(one) FOR method IN ('GET' AS g)) GROUP BY g ORDER BY g
SELECT p.host, p.a FROM (SELECT method, host, c_ip FROM http) PIVOT (count(DISTINCT c_ip) FOR method IN ('GET' AS a)) AS p WHERE p.a > 1 ORDER BY p.host
SELECT * FROM (SELECT host, request_body_len, response_body_len FROM http) UNPIVOT (n FOR what IN (request_body_len, response_body_len)) ORDER BY host, what, n
SELECT * FROM (SELECT host, request_body_len AS a, response_body_len AS b FROM http) UNPIVOT INCLUDE NULLS (n FOR what IN (a AS req, b AS resp)) ORDER BY host, what, n

-- recursive queries
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t ORDER BY n
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 200) SELECT max(n) FROM t
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 101) SELECT max(n) FROM t
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT max(n) AS m FROM t
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 90) SELECT max(n) AS m FROM t
WITH RECURSIVE t AS (SELECT 1 AS n, 'a' AS s UNION ALL SELECT n + 1, concat(s, 'b') FROM t WHERE n < 4) SELECT * FROM t ORDER BY n
WITH RECURSIVE t(a, b) AS (SELECT query, cast(1 AS bigint) FROM dns WHERE query = 'a.com' UNION ALL SELECT d.query, t.b + 1 FROM t JOIN dns d ON array_contains(d.answers, t.a) WHERE t.b < 3) SELECT a, b FROM t ORDER BY a, b
WITH RECURSIVE u AS (SELECT 5 AS x), t(n) AS (SELECT x FROM u UNION ALL SELECT n - 1 FROM t WHERE n > 1) SELECT * FROM t ORDER BY n
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT a.n, b.n AS m FROM t a JOIN t b ON a.n = b.n + 1 ORDER BY a.n

-- windows of time, intervals
SELECT window(timestamp'2020-01-01 00:07:00', '5 minutes').start AS a, window(timestamp'2020-01-01 00:07:00', '5 minutes').end AS b
SELECT window(timestamp'1969-12-31 23:58:00', '5 minutes').start AS f
SELECT window(timestamp'2020-01-01 00:07:00', '1 week').start AS f
SELECT window.start AS s, count(*) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t FROM http) GROUP BY window(t, '1 hour') ORDER BY s
SELECT window(t, '10 minutes') AS w, count(*) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t FROM http) GROUP BY window(t, '10 minutes') ORDER BY w.start
SELECT window.start AS s, window.end AS e, host, count(*) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t, host FROM http) GROUP BY window(t, '1 hour'), host ORDER BY s, host
SELECT window.start AS s, count(*) AS n FROM (SELECT timestamp_seconds(cast(resp_time AS bigint)) AS t FROM http WHERE method <> 'HEAD') WHERE true GROUP BY window(t, '1 day') ORDER BY s
SELECT timestamp'2020-01-01 00:00:00' - interval '1 02:03:04' day to second AS a, date'2020-01-01' + interval '1-2' year to month AS b, timestamp'2020-01-01 00:00:00' + interval '02:03' hour to minute AS c, timestamp'2020-01-01 00:00:00' + interval '02:03:04.5' hour to second AS d, timestamp'2020-01-01 00:00:00' + interval '3 04' day to hour AS e, timestamp'2020-01-01 00:00:00' + interval '03:04' minute to second AS f, timestamp'2020-01-01 00:00:00' + interval '-1 02:00:00' day to second AS g, timestamp'2020-01-01 00:00:00' - interval '3 04:05' day to minute AS h
SELECT date'2020-01-10' + interval -3 days AS a, date'2020-01-10' + interval '-3' day AS b, timestamp'2020-01-10 00:00:00' + interval '-1 day 2 hours' AS c, date'2020-03-31' - interval -1 month AS d, timestamp'2020-01-10 00:00:00' + interval -1.5 seconds AS e, date'2020-01-10' + interval -'3' day AS f
SELECT timestamp'2020-01-10 00:00:00' + interval 1 hour * 3 AS a, timestamp'2020-01-10 00:00:00' + 2 * interval 1 day AS b, - interval 1 hour + timestamp'2020-01-10 00:00:00' AS d
SELECT count(*) FROM http WHERE from_unixtime(req_time, 'yyyy-MM-dd') = '2017-03-01'
SELECT count(*) FROM http WHERE to_date(from_unixtime(req_time)) BETWEEN '2017-03-01' AND '2017-03-02'
SELECT count(*) FROM http WHERE timestamp_seconds(req_time) >= '2017-03-01' AND timestamp_seconds(req_time) < timestamp'2017-03-01' + interval 1 day
SELECT try_to_timestamp('x') AS a, try_to_timestamp('2020-01-01') AS b, try_to_date('nope') AS c, try_element_at(array(1), 5) AS d, try_element_at(map('a', 1), 'b') AS e, try_to_timestamp('01/02/2020', 'dd/MM/yyyy') AS f, try_to_date('01/02/2020', 'dd/MM/yyyy') AS g

-- formats, SHA-2
SELECT format_string('%s %s %s %s %s', 1, 2.5D, true, null, 'x') AS a, printf('%d items', 5L) AS b, format_string('%03d', 7) AS c, format_string('%+d', 7) AS d, format_string('%.3f', 2.0005D) AS e, format_string('%10.1f|', 3.14159D) AS f, format_string('%s', 1.50) AS g
SELECT format_string('%5s|%-5s|%.2s|%5.1s|', 'ab', 'ab', 'abc', 'xyz') AS a, format_string('%d %d', cast(null AS int), -5) AS b, format_string('%x %X', 255, 255L) AS c, format_string('%x', -1) AS d, format_string('%,d %,.2f', 1234567, 1234567.891D) AS e, format_string('100%%') AS f, format_string('%5.1f%%', 12.345D) AS h, format_string('a%n') AS k, format_string('') AS l, format_string('it''s %s', '%d') AS m
SELECT format_string('%.2f', 0.125D) AS a, format_string('%.0f', 2.5D) AS b, format_string('%f', 1.5D) AS c, format_string('%.2f', double('nan')) AS d, format_string('%.2f', 1e10D) AS e, format_string('%08.3f', -3.14159D) AS f, format_string('%.1f', -0.05D) AS h, format_string('%.10f', 0.1D) AS i, format_string('%6.1f|%-8.2f|', double('-inf'), 1.5D) AS j, format_string('%.2f', cast(null AS double)) AS k
SELECT host, format_string('%s:%5d %8.2f%%', host, status_code, response_body_len / 100D) AS a FROM http ORDER BY req_time
SELECT sha2('abc', 512) AS a, sha2('abc', 224) AS b, sha2('abc', 384) AS c, sha2('', 512) AS d, sha2('abc', 0) AS e, sha2('abc', 256) AS f, sha2('abc', 1) AS g, sha2(null, 512) AS h, sha2(repeat('a', 55), 224) AS i, sha2(repeat('a', 56), 224) AS j, sha2(repeat('a', 111), 384) AS k, sha2(repeat('a', 112), 512) AS l, sha2(repeat('é', 200), 512) AS m, sha2(repeat('x', 64), 256) AS n, sha2(repeat('x', 128), 384) AS o

-- stars with EXCEPT, paths of JSON
SELECT * EXCEPT (req_time, resp_time, path, user_agent, content_type) FROM http ORDER BY host, c_ip, s_port
SELECT h.* EXCEPT (REQ_TIME, resp_time, path, user_agent, content_type, s_port), 1 AS one FROM http h ORDER BY host, c_ip, one, response_body_len
SELECT * EXCEPT (host, nothing) FROM http
SELECT 1 AS a EXCEPT (SELECT 2 AS a)
SELECT get_json_object('{"a-b":{"c d":[5,"x"]}}', '$.a-b') AS a, get_json_object('{"a":1}', '$[\'a\']') AS b, get_json_object('{"a b":{"c":[5,"x"]}}', '$[\'a b\'].c[1]') AS c, get_json_object('{"é":1}', '$.é') AS d, get_json_object('{"a":[[1,2],[3]]}', '$.a[0][1]') AS e, get_json_object('{"a":1}', '$.A') AS f, get_json_object('{"1":2}', '$.1') AS g

-- what random statements found
SELECT array_union(a, array('x')) AS a, array_union(array('x'), a) AS b, size(array_union(array(1, null), array(null, 2))) AS c FROM VALUES (array('y', null)), (null) AS t(a) ORDER BY a IS NULL
SELECT hypot(1e300D, 1e300D) AS a, hypot(1e-200D, 1e-200D) AS b, hypot(double('inf'), double('nan')) AS c, hypot(0, 0) AS d, hypot(double('nan'), 1) AS e, hypot(null, double('inf')) AS f, hypot(-3, 4) AS g
SELECT locate('b', 'abc', i) AS a, locate('', 'abc', 3) AS b, locate('', 'abc', 9) AS c, locate(null, 'abc', 2) AS d, locate('b', null, i) AS e, locate('', '') AS f FROM VALUES (0), (2), (null), (3) AS t(i) ORDER BY i
SELECT split(s, ',', 2) AS a, split(s, '[,;]', 2) AS b, split(s, '[,;]+', 3) AS c, split(s, ' *; *', 4) AS d, split(s, '[,;]', 1) AS e, split(s, '[é,]', 2) AS f FROM VALUES ('a,b;;c ; d'), (null), (''), (','), ('éaé,b'), (';;;') AS t(s) ORDER BY s
SELECT levenshtein('été', 'ete') AS a, levenshtein('日本', '本') AS b, levenshtein('', 'été') AS c, levenshtein('abc', '') AS d, levenshtein(null, 'a') AS e, levenshtein('kitten', 'sitting') AS f, levenshtein('a', 'a') AS g
SELECT make_timestamp(2020, 1, 1, 24, 0, 0) AS a, make_timestamp(2020, 1, 1, 0, 60, 0) AS b, make_timestamp(2020, 1, 1, 23, 59, 60) AS c, make_timestamp(2020, 1, 1, 0, 0, 60.5) AS d, make_timestamp(2020, 1, 1, -1, 0, 0) AS e, make_timestamp(2020, 2, 30, 0, 0, 0) AS f
SELECT bround(2.55, 1) AS a, bround(2.65, 1) AS b, bround(-2.45, 1) AS c, bround(2.5) AS d, bround(3.5) AS e, bround(-0.5) AS f, bround(2.551, 1) AS g, bround(1.25, 4) AS h, bround(7) AS i, bround(0.05, 1) AS j, bround(12.345, 2) AS k
SELECT array_join(array('a', null, 'b'), s) AS a, array_join(array('a', null, 'b'), s, s) AS b, array_join(array(), s) AS c, concat_ws(s, array('x', null), 'y', null) AS d, concat_ws(s, array()) AS e, array_join(array(1, 2), s) AS f, concat_ws(s, 'p', 'q') AS g FROM VALUES ('-'), (''), (null) AS t(s) ORDER BY s
SELECT substring_index('a.b.c', s, n) AS a, substring_index('aaaa', 'aa', n) AS b, substring_index('été', 't', n) AS c, substring_index('', s, n) AS d FROM VALUES ('.', 1), ('.', -1), ('b', 2), (null, 1), ('', 1), ('.b.', -2), ('.', null), ('.', 9) AS t(s, n) ORDER BY s, n
SELECT mod(1.5, 2) AS a, mod(7.25, 1.5) AS b, pmod(-1.5, 2) AS c, pmod(-7.25, -1.5) AS d, pmod(1.5, 0) AS e, mod(-1.5D, 1) AS f, pmod(null, 2) AS g, mod('7', 4) AS h, pmod('-7', 4) AS i, pmod(-7.5D, 2) AS j, mod(1.5, null) AS k
SELECT cast(i AS decimal(5,2)) AS a, cast(cast(i AS decimal(20,3)) AS decimal(5,1)) AS b, cast(-i AS decimal(3,0)) AS c FROM VALUES (1), (999), (1000), (99999), (null) AS t(i) ORDER BY i
SELECT upper('Straße') AS a, ucase('ß') AS b, lower('ÀÉẞ') AS c, upper('ÿ') AS d
SELECT cast(timestamp'0001-01-01 00:00:00' AS int) AS a, cast(timestamp'2038-01-19 03:14:07' AS int) AS b, cast(timestamp'2038-01-19 03:14:08' AS int) AS c, cast(timestamp'1969-12-31 23:59:59.5' AS int) AS d, cast(timestamp'9999-12-31 23:59:59' AS bigint) AS e
SELECT a FROM VALUES (array('b', null, 'a')), (array('b', 'a')), (array(null)), (array()), (null), (array('a')), (array('a', null)) AS t(a) ORDER BY a
SELECT a FROM VALUES (array(1, null)), (array(1, 2)), (array(null, 3)), (array(2)), (null) AS t(a) ORDER BY a DESC
SELECT max(a) AS a, min(a) AS b FROM VALUES (array('b', null)), (array('b', 'a')), (array(null, 'z')), (null) AS t(a)
SELECT array(1, null) < array(1, 2) AS a, array(null) >= array(0) AS b, array(1, 2) > array(1) AS c, array(1, null) = array(1, null) AS d, max(null) AS e FROM VALUES (1) AS t(x)
SELECT a, b FROM VALUES (array('b', null), 1), (array('b', 'a'), 2), (array(null), 3), (null, 4), (array('b', null), 0) AS t(a, b) ORDER BY ALL
SELECT window(timestamp'2020-01-01 00:07:00', '10 minutes', '5 minutes').start AS a ORDER BY a
SELECT window(timestamp'1969-12-31 23:58:30', '1 hour', '25 minutes', '10 minutes') AS w ORDER BY w.start
SELECT window(timestamp'2020-01-01 00:07:00', '1 hour', '1 hour', '15 minutes') AS a
SELECT window(timestamp'2020-01-01 00:20:00', '1 hour', '30 minutes', '15 minutes') AS a, window(timestamp'2020-01-01 00:20:00', '2 hours', '30 minutes', '15 minutes') AS b
SELECT window(timestamp'2020-01-01 00:07:00', '1 hour', '1 hour', '-15 minutes').start AS a
SELECT window.start AS s, window.end AS e, count(*) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t FROM http) GROUP BY window(t, '1 hour', '20 minutes') ORDER BY s
SELECT window(t, '2 hours', '90 minutes') AS w, host, sum(l) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t, host, response_body_len AS l FROM http) WHERE host IS NOT NULL GROUP BY window(t, '2 hours', '90 minutes'), host ORDER BY w.start, host
SELECT window(t, '2 hours', '1 hour').start AS s, m FROM (SELECT timestamp_seconds(cast(resp_time AS bigint)) AS t, method AS m FROM http) ORDER BY s, m
SELECT s.start AS a, count(*) AS n FROM (SELECT window(timestamp_seconds(cast(req_time AS bigint)), '1 day', '12 hours') AS s FROM http) GROUP BY s.start HAVING count(*) > 1 ORDER BY a
SELECT window.end AS e, count(DISTINCT h.host) AS n FROM (SELECT timestamp_seconds(cast(req_time AS bigint)) AS t, host FROM http) h JOIN (SELECT DISTINCT query FROM dns) d ON h.host = d.query GROUP BY window(h.t, '1 day', '6 hours') ORDER BY e
SELECT to_json(named_struct('a', 1, 'b', 'x"y\\z', 'c', cast(null AS string), 'd', true)) AS j
SELECT to_json(array('a', null, 'é/\t')) AS j, to_json(array(1, null, 3)) AS k, to_json(array()) AS l
SELECT to_json(map('a', 1, 'b', null)) AS j, to_json(map('k', array(1.5D, 1e10D, cast('NaN' AS double), cast('-Infinity' AS double)))) AS k
SELECT to_json(named_struct('t', timestamp'2020-01-02 03:04:05.678901', 'd', date'2020-01-02', 'n', 1.50, 'f', 0.1D)) AS j
SELECT to_json(named_struct('o', named_struct('a', cast(null AS int), 'b', array(named_struct('x', 1)))) ) AS j
SELECT to_json(cast(null AS array<int>)) AS j, to_json(named_struct('a b', 1)) AS k
SELECT query, to_json(answers) AS j, to_json(struct(query, answer_ttls AS ttls)) AS k FROM dns ORDER BY query, j, k
SELECT to_json(collect_list(named_struct('h', host, 's', status_code))) AS j FROM (SELECT * FROM http WHERE host = 'a.com' ORDER BY status_code)
SELECT to_json('a') AS j
SELECT to_json(array(cast('ab' AS binary))) AS j
SELECT to_json(map(1, 2)) AS j

-- found by comparing expressions that were made at random
SELECT repeat('x', n) AS a, space(n) AS b, array_repeat(1, n) AS c, overlay('abc', 'x', 2, n) AS d FROM VALUES (2), (-1), (0), (CAST(NULL AS INT)) AS t(n)
SELECT split_part('a,b', ',', n) AS a FROM VALUES (1), (-1), (3), (CAST(NULL AS INT)) AS t(n)
SELECT split_part('a,b', ',', n) AS a FROM VALUES (0) AS t(n)
SELECT slice(array(1, 2, 3), n, m) AS a FROM VALUES (1, 2), (-2, 2147483647), (2, 2147483647), (NULL, 1), (3, 0) AS t(n, m)
SELECT slice(array(1, 2, 3), n, 1) AS a FROM VALUES (0) AS t(n)
SELECT slice(array(1, 2, 3), 1, n) AS a FROM VALUES (-1) AS t(n)
SELECT bit_get(5L, n) AS a, getbit(5, n) AS b FROM VALUES (0), (1), (31), (CAST(NULL AS INT)) AS t(n)
SELECT bit_get(5L, 40) AS a
SELECT bit_get(5, n) AS a FROM VALUES (32) AS t(n)
SELECT atan2(y, x) AS a, cot(y) AS b, csc(y) AS c, sin(x) AS d, cos(x) AS e, tan(x) AS f, sec(x) AS g FROM VALUES (-0D, -0D), (0D, 1D), (1D, double('inf')) AS t(y, x)
SELECT initcap('straße ßa ÉA') AS a
SELECT -9223372036854775808L AS a, -128Y AS b, -32768S AS c, -2147483648 AS d, typeof(-2147483648) AS e, typeof(-2147483649) AS f
SELECT a % b AS m, mod(a, b) AS n, try_mod(a, b) AS o FROM VALUES (-9223372036854775808L, -1L), (7L, -1L), (7L, 0L), (7L, -4L) AS t(a, b)
SELECT - -2.5D AS a, - - x AS b, -(-x) AS c FROM VALUES (1), (-1) AS t(x)
SELECT CAST(0.10 AS STRING) AS a, concat(-0.05, '') AS b, CAST(CAST(0 AS DECIMAL(1, 1)) AS STRING) AS c, to_json(struct(0.10 AS x)) AS d
SELECT CAST(CAST(x AS FLOAT) AS STRING) AS a, concat(CAST(x AS FLOAT), '') AS b FROM VALUES (0.1D), (16777216D), (1e-3D), (-2.5e6D), (1e300D), (-1e300D), (double('nan')), (0D), (3.4028235677973366e38D), (3.4028235e38D), (NULL) AS t(x)
SELECT CAST(array('a', NULL, '') AS STRING) AS a, CAST(array(1.5D, 1e7D) AS STRING) AS b, CAST(map('k', array(1, 2), 'l', NULL) AS STRING) AS c, CAST(struct(1 AS x, 'y' AS y, NULL AS z) AS STRING) AS d, CAST(CAST(NULL AS ARRAY<INT>) AS STRING) AS e, CAST(array() AS STRING) AS f, CAST(array(timestamp'2024-01-01 01:02:03.5', NULL) AS STRING) AS g
SELECT CAST(answers AS STRING) AS a, CAST(answer_ttls AS STRING) AS b FROM dns ORDER BY req_time
SELECT d DIV 0.5 AS a, d / 0.01 AS b, d * 12345.678 AS c, d - 2147483647 AS e, d % 7.5 AS f, pmod(-2.55, d) AS g FROM (SELECT CAST(x AS DECIMAL(18, 4)) AS d FROM VALUES (10000000000D), (-2.5D), (0D) AS t(x))
SELECT round(99.995, -1) AS a, round(-55.5, -1) AS b, round(1.5, -3) AS c, typeof(round(123.45, -1)) AS d, ceil(floor(-1.5)) AS e, typeof(ceil(floor(-1.5))) AS f
SELECT format_number(2.45, 1) AS a, format_number(-1234567.875, 2) AS b, format_number(0.5, 0) AS c, format_number(1.5, 0) AS d, format_number(12.5, 4) AS e
SELECT hash(1.50) AS a, xxhash64(1.50) AS b, hash(CAST(-0.05 AS DECIMAL(10, 3))) AS c, hash(CAST(NULL AS DECIMAL(5, 2)), 1) AS d
SELECT base64(repeat('a', 57)) AS a, base64(repeat('a', 58)) AS b, base64(repeat('ab', 90)) AS c, hex(unbase64(base64(repeat('ab', 90)))) AS d
SELECT hex(unbase64(x)) AS a FROM VALUES ('YQ'), ('Y Q'), ('YQ=='), (''), ('äYQ'), ('YWJj') AS t(x)
SELECT unbase64(x) AS a FROM VALUES ('YQ=') AS t(x)
SELECT unix_seconds(t) AS a FROM VALUES (timestamp'9999-12-31 23:59:59.999999'), (timestamp'1969-12-31 23:59:59.5'), (timestamp'1970-01-01') AS v(t)
SELECT width_bucket(1D, 0D, 10D, n) AS a, width_bucket(x, 0D, 10D, 5) AS b FROM VALUES (CAST(NULL AS BIGINT), 3D), (2L, NULL) AS t(n, x)
SELECT try_add(a, b) AS p, try_subtract(a, b) AS q, try_multiply(a, b) AS r, try_add(CAST(a AS INT), 1) AS s FROM VALUES (9223372036854775807L, 1L), (-9223372036854775808L, 1L), (5L, 7L), (NULL, 1L) AS t(a, b)
SELECT try_multiply(factorial(x), 2L) AS a FROM VALUES (20), (3) AS t(x)
SELECT mode() WITHIN GROUP (ORDER BY status_code % 3) AS a, mode() WITHIN GROUP (ORDER BY host DESC) AS b, mode() WITHIN GROUP (ORDER BY host) FILTER (WHERE status_code > 200) AS c, percentile_disc(0.5) WITHIN GROUP (ORDER BY 1L) AS d FROM http

-- aliases that are called like columns, in HAVING
SELECT method, sum(status_code) AS status_code FROM http GROUP BY method HAVING sum(status_code) > 300 ORDER BY method
SELECT method, sum(status_code) AS status_code FROM http GROUP BY method HAVING max(status_code) > 200 ORDER BY method
SELECT method, sum(status_code) AS status_code FROM http GROUP BY method HAVING status_code > 300 ORDER BY method
SELECT method, min(status_code) AS status_code FROM http GROUP BY method HAVING status_code + max(status_code) > 400 ORDER BY method
SELECT upper(method) AS method, count(*) AS n FROM http GROUP BY method HAVING max(method) > 'G' AND method <> 'GET' ORDER BY method
SELECT status_code % 100 AS status_code, count(*) AS n FROM http GROUP BY status_code HAVING status_code >= 200 ORDER BY status_code, n
SELECT status_code % 100 AS status_code, count(*) AS n FROM http GROUP BY status_code % 100 HAVING status_code >= 0 ORDER BY status_code
SELECT method, sum(status_code) AS status_code FROM http GROUP BY method HAVING sum(status_code) FILTER (WHERE status_code > 200) > 300 ORDER BY method
SELECT count(status_code) AS status_code FROM http HAVING sum(status_code) > 3 AND status_code > 3
SELECT regexp_substr('abc', 'x*') AS a, regexp_substr('abc', 'b*') AS b, regexp_extract('a.b', '(?<name>b)', 1) AS c, regexp_extract('a.b', '(?<n1>a)(.)', 2) AS d, split('a1b22c', '(?<n>[0-9]+)') AS e
