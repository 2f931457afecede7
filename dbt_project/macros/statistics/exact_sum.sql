{#- A sum of doubles that doesn't depend on the order of the rows, as double.

    Adding doubles rounds at every step, so two threads, or a batch that came in another order, change the last digits
    and with them a release's content hash. Each term is taken to 20 decimals, those add up exactly, and one rounding at the
    end makes a double of them. The terms' sizes may add up to 1e18.
-#}
{% macro exact_sum(term) -%}
    {{ return(adapter.dispatch('exact_sum')(term)) }}
{%- endmacro %}


{#- As whole numbers of 1e-20, because DuckDB takes a microsecond to make one double of one wide decimal. -#}
{% macro duckdb__exact_sum(term) -%}
    (cast(sum(cast(({{ term }}) * 1e20 as hugeint)) as double) / 1e20)
{%- endmacro %}


{% macro spark__exact_sum(term) -%}
    cast(sum(cast({{ term }} as decimal(38, 20))) as double)
{%- endmacro %}


{#- A figure as it is stored: a double at ten decimals.

    That is no rounding for display: it takes off what the arithmetic and the machine's own exp and ln leave
    in the last digits, so that 65 is 65 and not 64.99999999999999 at the border of a band, and so that two
    machines and two engines store the same figure.
-#}
{% macro figure(value) -%}
    round({{ value }}, 10)
{%- endmacro %}
