{#- The measures of one item, by its scale: a relation of (scale, measure) to join. An index rests on several items and is not here. -#}
{% macro measures_of_scales(alias) -%}
    (
        values
        ('likert_5', 'mean'), ('likert_5', 'top_box'), ('likert_5', 'top_two'), ('likert_5', 'bottom_two'),
        ('radio_5', 'mean'), ('radio_5', 'top_box'), ('radio_5', 'top_two'), ('radio_5', 'bottom_two'),
        ('csat_5', 'mean'), ('csat_5', 'top_box'), ('csat_5', 'top_two'), ('csat_5', 'bottom_two'),
        ('thumbs', 'thumbs_up'),
        ('ten', 'mean'),
        ('nps_11', 'nps')
    ) as {{ alias }} (scale, measure)
{%- endmacro %}


{#- The name that the field has for a figure besides its own (CES, CSAT); null where it has none. -#}
{% macro other_name(scale, measure, driver) -%}
    case
        when {{ scale }} in ('likert_5', 'csat_5') and {{ measure }} = 'mean' and {{ driver }} = 'ease' then 'ces'
        when {{ scale }} in ('likert_5', 'csat_5') and {{ measure }} = 'top_two' and {{ driver }} = 'satisfaction' then 'csat'
    end
{%- endmacro %}


{#- The scale and items that an index rests on: Likert drivers (cx_index), or ACSI's three items from 1 to 10 together. -#}
{% macro is_in_an_index(scale, driver) -%}
    ({{ scale }} = 'likert_5' or ({{ scale }} = 'ten' and {{ driver }} in ({{ acsi_items() }})))
{%- endmacro %}


{% macro acsi_items() -%}
    'acsi_overall', 'acsi_expectations', 'acsi_ideal'
{%- endmacro %}


{#- An index's measure by its scale. -#}
{% macro index_of_scale(scale) -%}
    case {{ scale }} when 'ten' then 'acsi_equal_weight' else 'cx_index' end
{%- endmacro %}


{#- Two relations agree on these columns. -#}
{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
