"""Everything that knows Airflow: the tasks that DAGs are made of, pages in its UI, its home on one machine.

The only package that imports `airflow`. It holds no logic: it turns Airflow's runs, parameters and
connections into arguments of `voxpop.pipeline`, and voxpop's errors into Airflow's.
"""
