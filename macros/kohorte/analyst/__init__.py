"""The analyst's questions: how many, who, why, and what a change would do."""
