"""The dbt plugin that compiles segment specs before dbt reads the models."""
