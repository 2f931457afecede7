{#-
  Takes personal data out of free text: email addresses, payment cards, social security numbers, phone numbers and
  street addresses become [EMAIL] [CARD] [SSN] [PHONE] [ADDRESS].

  Patterns are written for engines without look-around: a match takes the character before and the one after it along,
  and each is applied twice, since two neighbors that share one character (a space) can't both match in one pass.
  In doubt for privacy: nine digits in a row are a social security number, whatever the writer meant by them.
  Not taken: names, local phone numbers of seven digits, long numbers that fail the Luhn check, digits spelled as words.
-#}

{#- The kinds, in the order in which they are applied: a card before the shorter numbers that look like its parts. -#}
{% macro scrub_kinds() %}
    {{- return(['EMAIL', 'CARD', 'SSN', 'PHONE', 'ADDRESS']) -}}
{% endmacro %}

{#-
  The scrubbed text of an expression. Null stays null, and scrubbing again changes nothing.
-#}
{% macro scrub(expression) %}
    {{- return(adapter.dispatch('scrub', 'voxpop')(expression)) -}}
{% endmacro %}

{#- The same for every value of a map. -#}
{% macro scrub_map(map) %}
    {{- return(adapter.dispatch('scrub_map', 'voxpop')(map)) -}}
{% endmacro %}

{#- How many times a kind was taken out of a text that `scrub` made; null of null. -#}
{% macro redaction_count(scrubbed, kind) -%}
    {%- set placeholder = '[' ~ kind ~ ']' -%}
    cast((length({{ scrubbed }}) - length(replace({{ scrubbed }}, '{{ placeholder }}', ''))) / {{ placeholder | length }} as integer)
{%- endmacro %}

{#- Regular expressions by name, in the syntax that RE2 and Java share; a quote is doubled, as SQL wants it. -#}
{% macro scrub_patterns() %}
    {#- Between groups of digits: a dot, slash, space or dash of any alphabet, and what can't be seen. -#}
    {%- set gap -%}
        [-\s./\x{00A0}\x{00AD}\x{2000}-\x{2015}\x{202F}\x{2060}\x{2212}\x{3000}\x{FE63}\x{FEFF}\x{FF0D}]
    {%- endset -%}
    {%- set before -%} (^|[^0-9]) {%- endset -%}
    {%- set after -%} ($|[^0-9]) {%- endset -%}

    {%- set mailbox -%} [\p{L}\p{N}._%+''-]*[\p{L}\p{N}_%+''-] {%- endset -%}
    {%- set label -%} [\p{L}\p{N}-]+ {%- endset -%}
    {%- set at -%} \s?(?:@|[\[({]\s?at\s?[\])}])\s? {%- endset -%}
    {%- set dot -%} (?:\.|\s?[\[({]\s?dot\s?[\])}]\s?) {%- endset -%}
    {%- set email -%}
        (?i){{ mailbox }}{{ at }}(?:{{ label }}{{ dot }})+\p{L}{2,}
    {%- endset -%}
    {%- set email_in_words -%}
        (?i){{ mailbox }}\s+at\s+(?:{{ label }}\s+dot\s+)+(?:com|org|net|edu|gov|mil|us|info|io)\b
    {%- endset -%}

    {%- set card_of_16 -%}
        {{ before }}(\d{4}{{ gap }}\d{4}{{ gap }}\d{4}{{ gap }}\d{4}){{ after }}
    {%- endset -%}
    {%- set card_of_15 -%}
        {{ before }}(\d{4}{{ gap }}\d{6}{{ gap }}\d{4,5}){{ after }}
    {%- endset -%}
    {%- set card_of_any_shape -%}
        {{ before }}(\d{4,19}(?:{{ gap }}{1,2}\d{3,15}){0,4}){{ after }}
    {%- endset -%}

    {%- set ssn -%}
        {{ before }}(?:\d{3}{{ gap }}{1,3}\d{2}{{ gap }}{0,3}\d{4}|\d{9}){{ after }}
    {%- endset -%}

    {%- set phone_abroad -%} \+\s?\d(?:[\s.()-]{0,3}\d){7,14} {%- endset -%}
    {%- set phone_at_home -%}
        (?:1{{ gap }}{0,3})?(?:\(\s?\d{3}\s?\){{ gap }}{0,3}|\d{3}{{ gap }}{1,3})\d{3}{{ gap }}{0,3}\d{4}|1?[2-9]\d{2}[2-9]\d{6}
    {%- endset -%}
    {%- set phone -%}
        {{ before }}(?:{{ phone_abroad }}|{{ phone_at_home }}){{ after }}
    {%- endset -%}

    {%- set house -%} \b\d{1,6}(?:-\d{1,4}|[a-z]|\s1/2)? {%- endset -%}
    {%- set point -%} (?:\s+(?:north|south|east|west|ne|nw|se|sw|[nsew])\b\.?)? {%- endset -%}
    {%- set name -%} (?:\s+(?:[a-z][a-z''.-]*|\d{1,3}(?:st|nd|rd|th))) {%- endset -%}
    {%- set street -%}
        (?:street|str|st|avenue|ave|av|boulevard|blvd|road|rd|lane|ln|drive|dr|court|ct|place|pl|terrace|ter|circle|cir|parkway|pkwy|highway|hwy|way|square|sq|trail|trl|turnpike|pike|alley|plaza|loop|crescent|row)
    {%- endset -%}
    {%- set unit -%} (?:,?\s*(?:apt|apartment|unit|suite|ste|room|rm|floor|fl|#)\.?\s*#?\s*[a-z0-9-]+)? {%- endset -%}
    {%- set town -%} (?:,?\s+[a-z][a-z .''-]{1,30},?\s+[a-z]{2}\.?\s+\d{5}(?:-\d{4})?)? {%- endset -%}
    {%- set address -%}
        (?i){{ house }}{{ point }}(?:{{ name }}{1,4}?\s+{{ street }}\b|\s+(?:broadway|(?:avenue|avenida|calle|camino|paseo|rue|via){{ name }}{1,3})\b)\.?{{ point }}{{ unit }}{{ town }}
    {%- endset -%}
    {#- Words that stand between a number and "drive", "way" or "court" where no address is meant: a 3 hour drive. -#}
    {%- set no_address -%}
        (?i)\s(?:a|about|all|an|and|are|at|before|both|by|calls?|can|cars?|could|customers?|days?|dollars|down|each|employees?|every|feet|for|forms?|from|got|had|has|have|hours?|hrs?|i|in|into|is|it|just|letters?|long|miles?|min|mins|minutes?|months?|more|my|of|off|offices?|on|or|other|our|out|over|pages?|people|per|phone|seconds?|staff|than|that|the|their|then|they|this|times?|to|together|up|visits?|was|we|weeks?|were|when|which|windows?|with|years?|you|your)\s
    {%- endset -%}
    {%- set post_office_box -%}
        (?i)\b(?:p\.?\s?o\.?|post office)\s?box\s?#?\s?\d+{{ town }}
    {%- endset -%}

    {{- return({
        'email': email, 'email_in_words': email_in_words,
        'cards': [card_of_16, card_of_15, card_of_any_shape],
        'ssn': ssn, 'phone': phone,
        'address': address, 'no_address': no_address, 'post_office_box': post_office_box,
    }) -}}
{% endmacro %}

{#-
  One lambda a step, so that each step's text is computed once. Most comments hold no digit and no "@", and take no step.
-#}
{% macro duckdb__scrub(expression) %}
    {%- set patterns = scrub_patterns() -%}
    {%- set steps = [] -%}
    {%- do steps.append("translate(x, '０１２３４５６７８９＠', '0123456789@')") -%}
    {%- for name in ['email', 'email_in_words'] -%}
        {%- do steps.append("regexp_replace(x, '" ~ patterns[name] ~ "', '[EMAIL]', 'g')") -%}
    {%- endfor -%}
    {%- for pattern in patterns['cards'] -%}
        {%- set found = "regexp_extract_all(x, '" ~ pattern ~ "', 2)" -%}
        {%- do steps.extend([duckdb__scrub_where(found, duckdb__passes_luhn('piece'), 'CARD')] * 2) -%}
    {%- endfor -%}
    {%- for name in ['ssn', 'phone'] -%}
        {%- set kept = '\\1[' ~ name | upper ~ ']\\2' -%}
        {%- do steps.extend(["regexp_replace(x, '" ~ patterns[name] ~ "', '" ~ kept ~ "', 'g')"] * 2) -%}
    {%- endfor -%}
    {%- do steps.append("regexp_replace(x, '" ~ patterns['post_office_box'] ~ "', '[ADDRESS]', 'g')") -%}
    {%- set found = "regexp_extract_all(x, '" ~ patterns['address'] ~ "')" -%}
    {%- set is_address = "not regexp_matches(piece, '" ~ patterns['no_address'] ~ "')" -%}
    {%- do steps.append(duckdb__scrub_where(found, is_address, 'ADDRESS')) -%}

    {%- set chain = namespace(sql='[' ~ expression ~ ']') -%}
    {%- for step in steps -%}
        {%- set chain.sql = 'list_transform(' ~ chain.sql ~ ', lambda x: ' ~ step ~ ')' -%}
    {%- endfor -%}
    {%- set may_hold -%} [\p{Nd}@＠]|(?i:\bdot\b) {%- endset -%}
    {{- return(
        "case when length(" ~ expression ~ ") >= 6 and regexp_matches(" ~ expression ~ ", '" ~ may_hold ~ "') then "
        ~ chain.sql ~ "[1] else " ~ expression ~ " end"
    ) -}}
{% endmacro %}

{% macro duckdb__scrub_map(map) %}
    {{- return(
        "map_from_entries(list_transform(map_entries(" ~ map ~ "), lambda entry: {'key': entry.key, 'value': "
        ~ duckdb__scrub('entry.value') ~ "}))"
    ) -}}
{% endmacro %}

{#- Replaces those pieces of `x` that pass a test. -#}
{% macro duckdb__scrub_where(pieces, test, kind) %}
    {{- return(
        "list_reduce(list_filter(" ~ pieces ~ ", lambda piece: " ~ test
        ~ "), lambda text, piece: replace(text, piece, '[" ~ kind ~ "]'), x)"
    ) -}}
{% endmacro %}

{#-
  Whether a text holds 13 to 19 digits that pass the Luhn check: from the right, every second digit doubled (less 9
  where that is above 9), the sum a multiple of ten (ISO/IEC 7812-1, annex B).
-#}
{% macro duckdb__passes_luhn(text) %}
    {%- set number = "regexp_replace(" ~ text ~ ", '[^0-9]', '', 'g')" -%}
    {%- set digits = "string_split(reverse(" ~ number ~ "), '')" -%}
    {%- set weighed = "case when place % 2 = 1 then digit::int else digit::int * 2 - if(digit::int > 4, 9, 0) end" -%}
    {{- return(
        "length(" ~ number ~ ") between 13 and 19"
        ~ " and list_sum(list_transform(" ~ digits ~ ", lambda digit, place: " ~ weighed ~ ")) % 10 = 0"
    ) -}}
{% endmacro %}
