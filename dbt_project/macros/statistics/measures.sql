{#- The measures of one item, by its scale: a relation of (scale, measure) to join. An index rests on several items and is not here. -#}
{% macro measures_of_scales(alias) -%}
    (
        values
        ('likert_5', 'mean'), ('likert_5', 'top_box'), ('likert_5', 'top_two'), ('likert_5', 'bottom_two'),
        ('radio_5', 'mean'), ('radio_5', 'top_box'), ('radio_5', 'top_two'), ('radio_5', 'bottom_two'),
        ('csat_5', 'mean'), ('csat_5', 'top_box'), ('csat_5', 'top_two'), ('csat_5', 'bottom_two'),
        ('thumbs', 'thumbs_up'),
        ('nps_11', 'nps')
    ) as {{ alias }} (scale, measure)
{%- endmacro %}


{#- Two relations agree on these columns. -#}
{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
